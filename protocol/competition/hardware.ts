/** Which kind of machine measured: hosts of one class should find the same, those of two may not. */

/** Letters of a class's name. */
export const HARDWARE_CLASS_BYTES_MAX = 64
/** Of the model's words; what follows is the number of cores. */
const MODEL_LETTERS_MAX = 56

/** Marks of trade, the nominal clock, and words that every processor has in its name. */
const FILLER = /\((r|tm|c)\)|@.*$|\b\d+-core\b|\b(cpu|processor)\b/g

/**
 * the class of a host is its processor's model in plain words and the largest power of two that its cores hold, by this function alone:
 * "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz" with 6 cores is `intel-xeon-gold-6226r-x4`.
 */
export const hardwareClassOf = (hardware: { readonly model: string; readonly cores: number }): string => {
  const plain = hardware.model.toLowerCase().replace(FILLER, ' ')
  const words = plain.split(/[^a-z0-9]+/).filter((word) => word !== '')
  const model = words.join('-').slice(0, MODEL_LETTERS_MAX) || 'unknown'
  return `${model}-x${1 << (31 - Math.clz32(Math.max(1, hardware.cores)))}`
}

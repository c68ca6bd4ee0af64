/** The words that a case's author may use for a verdict, each as the referee says it. */

/** What a referee can say of a submission. */
export type Verdict = 'pass' | 'miner' | 'infra'

/** Ours first; the others are what people elsewhere write for the same. */
export const verdictWords: Readonly<Record<Verdict, readonly string[]>> = {
  pass: ['pass', 'passed', 'accepted', 'accept', 'ok', 'honest', 'valid', 'measured', 'tie', 'record', 'provisional'],
  miner: ['miner', 'rejected', 'reject', 'refused', 'fail', 'failed', 'fault', 'invalid', 'hostile', 'cheat', 'zero'],
  infra: ['infra', 'error', 'platform', 'validator', 'host'],
}

/** The verdict behind a word, however it is capitalised and separated; undefined for a word that means none. */
export const toVerdict = (word: string): Verdict | undefined => {
  const [first] = word
    .trim()
    .toLowerCase()
    .split(/[\s_-]/)
  const verdicts = Object.keys(verdictWords) as Verdict[]
  return verdicts.find((verdict) => first !== undefined && verdictWords[verdict].includes(first))
}

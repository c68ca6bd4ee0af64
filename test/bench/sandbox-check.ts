/** What the referee does with a matrix that came back, outside every clock: the exact similarity beside a comparison of the bytes. */
import { matrixRulesOf } from '../../protocol/index.ts'
import { cpuSeconds, median, type Row, round } from './harness.ts'

/** Sums of four uniform draws as bfloat16, and the same with the last two bits of each significand rounded away. */
const matrixOf = (elements: number) => {
  const [raw, returned] = [new Uint8Array(2 * elements), new Uint8Array(2 * elements)]
  const float = new DataView(new ArrayBuffer(4))
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  for (let index = 0; index < elements; index += 1) {
    float.setFloat32(0, uniform() + uniform() + uniform() + uniform())
    const word = float.getUint16(0)
    const near = (word + 2) & 0xfffc
    raw.set([word & 255, word >> 8], 2 * index)
    returned.set([near & 255, near >> 8], 2 * index)
  }
  return { raw, returned }
}

/** CPU milliseconds of one check, the median of so many. */
const timeOf = async (work: () => unknown, runs: number): Promise<number> => {
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) times.push(1_000 * (await cpuSeconds(work)))
  return median(times)
}

export const measureCheck = async (o: { readonly elements: number; readonly runs: number }): Promise<Row> => {
  const [lossy, lossless] = ['matrix-lossy', 'matrix-lossless'].map(matrixRulesOf)
  const { raw, returned } = matrixOf(o.elements)
  const check = () => lossy?.check({ raw, returned })
  if (check()?.fault !== null) throw new Error('a matrix with two bits less passes')
  const value = await timeOf(check, o.runs)
  const beside = await timeOf(() => lossless?.check({ raw, returned: raw.slice() }), o.runs)
  return {
    name: `exact similarity of a matrix of ${round((2 * o.elements) / 2 ** 20)} MiB`,
    ...{ value: round(value), unit: 'ms of CPU', beside: round(beside), besideName: 'comparing its bytes, ms of CPU' },
    ...{ ratio: round(value / beside), target: '< 1,000 ms', met: value < 1_000 },
  }
}

/** Checks that in the end every honest node has decided all that fell due after healing. */
import { type Checker, Violation } from '../watch.ts'

export const everythingDue: Checker = {
  name: 'everything-due',
  watch: (_, checked) => ({
    ended: ({ logs, isDone }) => {
      for (const [node, log] of logs) {
        checked()
        if (!isDone(log)) throw new Violation('everything due is decided after healing', { node, height: log.length })
      }
    },
  }),
}

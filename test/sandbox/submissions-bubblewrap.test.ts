/** Honest, wrong and cheating submissions on bubblewrap. */
import { describeSubmissions } from './submissions-suite.ts'

describeSubmissions({ prefer: 'bubblewrap' })

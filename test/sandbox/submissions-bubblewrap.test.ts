/** Honest, wrong and cheating submissions on bubblewrap, all of them. */
import { describeSubmissions } from './submissions-suite.ts'

describeSubmissions({ prefer: 'bubblewrap', isCase: () => true })

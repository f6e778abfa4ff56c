/**
 * mocha hooks around each test file of `npm test`. A file that leaves the process in another state fails, since it could affect
 * the next file in the process.
 */
import { setV8Flags } from '../../bin/start.js';

setV8Flags();

/** Environment variables that the project or an SDK reads. */
const VARIABLE = /^(AWS_|CONFORMANCE_|KUBE|PROBE_|(HOME|PATH|TMPDIR)$)/;
const EVENTS = ['uncaughtException', 'unhandledRejection'];

/** Returns the state by title. Only titles are reported, since values may be secrets. */
const stateOfProcess = () =>
  new Map([
    ['the working directory', process.cwd()],
    ...EVENTS.map((event) => [`the number of listeners to ${event}`, process.listenerCount(event)]),
    ...Object.entries(process.env).filter(([name]) => VARIABLE.test(name)),
  ]);

let before;

export const mochaHooks = {
  beforeAll() {
    before = stateOfProcess();
  },
  afterAll() {
    const after = stateOfProcess();
    const left = [...new Set([...before.keys(), ...after.keys()])].filter(
      (title) => before.get(title) !== after.get(title),
    );
    if (left.length > 0) throw new Error(`This test file changed its process: ${left.join(', ')}.`);
  },
};

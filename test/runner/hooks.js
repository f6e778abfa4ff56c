/**
 * Hooks of mocha around each test file of `npm test`: one that leaves what the next file of its process would meet fails, whichever
 * file that is.
 */
/** What the project or an SDK reads. */
const VARIABLE = /^(AWS_|CONFORMANCE_|KUBE|PROBE_|(HOME|PATH|TMPDIR)$)/;
const EVENTS = ['uncaughtException', 'unhandledRejection'];

/** By its title, for the values may be secrets. */
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
    if (left.length > 0)
      throw new Error(`This test file leaves its process otherwise than it was: ${left.join(', ')}.`);
  },
};

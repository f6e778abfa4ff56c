/** mocha's spec reporter. Also writes the counts to the file in `TEST_COUNTS_FILE` after each test, for a run that is interrupted. */
import { renameSync, writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on(Mocha.Runner.constants.EVENT_TEST_END, () => this.#write(false));
  }

  epilogue() {
    super.epilogue();
    this.#write(true);
  }

  #write(isComplete) {
    const { passes, failures, pending } = this.stats;
    const { TEST_COUNTS_FILE: file } = process.env;
    if (!file) return;
    // Renamed when complete, because an interrupt may come while it is written.
    writeFileSync(`${file}.new`, JSON.stringify({ passes, failures, pending, isComplete }));
    renameSync(`${file}.new`, file);
  }
}

/** mocha's spec reporter. Also writes the counts to the file in `TEST_COUNTS_FILE` with each result, for a run that is interrupted. */
import { renameSync, writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    // Counts a test before its result is printed.
    for (const event of [EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING])
      runner.on(event, () => write(runner.stats, false));
    super(runner, options);
  }

  epilogue() {
    super.epilogue();
    write(this.stats, true);
  }
}

function write({ passes, failures, pending }, isComplete) {
  const { TEST_COUNTS_FILE: file } = process.env;
  if (!file) return;
  // Renamed when complete, because an interrupt may come while it is written.
  writeFileSync(`${file}.new`, JSON.stringify({ passes, failures, pending, isComplete }));
  renameSync(`${file}.new`, file);
}

/** mocha's spec reporter, which also notes the counts in the file that `TEST_COUNTS_FILE` names. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    if (process.env.TEST_COUNTS_FILE)
      writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify({ passes, failures, pending }));
  }
}

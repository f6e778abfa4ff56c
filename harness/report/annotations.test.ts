import { expect } from 'chai';
import { aResult, someResults } from '../../test/support/scenarios.ts';
import { githubAnnotations } from './annotations.ts';
import { summarize } from '../results/results.ts';

describe('annotations for GitHub Actions', () => {
  const annotations = (...scenarios: Parameters<typeof aResult>[0][]): string => {
    const results = scenarios.map((values) => aResult(values));
    return githubAnnotations(someResults(results, summarize(results)));
  };

  it('name the suite file, the scenario and the reason for each scenario that did not pass', () => {
    expect(
      annotations(
        {},
        { id: 'AB-02', verdict: 'failed', reason: 'Access was denied.' },
        { id: 'AB-03', verdict: 'inconclusive', reason: 'The control failed.' },
        { id: 'AB-04', verdict: 'skipped', reason: 'Not available here: S3 (s3).' },
      ),
    ).to.equal(
      '::error file=suites/abac.ts,title=AB-02 failed%3A a title::Access was denied.\n' +
        '::error file=suites/abac.ts,title=AB-03 inconclusive%3A a title::The control failed.\n' +
        '::notice title=Conformance run cabcdef::1 passed, 1 failed, 1 inconclusive, 0 errors, 1 skipped\n',
    );
  });

  it('escape texts that would end a command or begin another', () => {
    const [line, ...otherLines] = annotations({
      verdict: 'failed',
      title: 'a, b: 50%',
      reason: 'one\r\n::error::two',
    }).split('\n');
    expect(line).to.equal('::error file=suites/abac.ts,title=AB-01 failed%3A a%2C b%3A 50%25::one%0D%0A::error::two');
    expect(otherLines).to.have.length(2);
  });

  it('contain the error of a failed run', () => {
    const failed = githubAnnotations(
      someResults([], summarize([]), { error: 'There are no AWS credentials.', exitCode: 2 }),
    );
    expect(failed.split('\n')[0]).to.equal('::error title=The run failed::There are no AWS credentials.');
  });
});

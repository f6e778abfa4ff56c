import { expect } from 'chai';
import { HarnessError } from '../../foundation/node/errors.ts';
import { configure } from '../../harness/config/configuration.ts';
import { checkFaults } from './check-faults.ts';

describe('--fault', () => {
  it('accepts a fault with its required option, and a load fault with any selection of suite load', () => {
    const accepted = [
      ['--fault', 'agent-caches-by-pod-name', '--agent-chart', '0.2'],
      ['--fault', 'client-never-renews', '--client', 'javascript,raw'],
      ['--fault', 'agent-evicts-what-it-just-stored', '--suite', 'agent,load'],
      ['--fault', 'agent-evicts-what-it-just-stored', '--profile', 'load'],
      ['--fault', 'agent-evicts-what-it-just-stored', '--scenario', 'LO-01'],
    ];
    for (const argv of accepted) checkFaults(configure(argv, {}));
  });

  const rejected: readonly (readonly [string, readonly string[], string, string])[] = [
    ['an unknown fault', ['--fault', 'iam-ignore-deny'], 'UNKNOWN_FAULT', 'did you mean "iam-ignores-deny"?'],
    [
      'a fault without its --agent-chart',
      ['--fault', 'iam-ignores-deny,agent-caches-by-pod-name', '--agent-chart', '0.1'],
      'BAD_FLAG_VALUE',
      'Fault "agent-caches-by-pod-name" only shows with --agent-chart 0.2: add that flag.',
    ],
    [
      'a fault without its --client',
      ['--fault', 'client-never-renews', '--client', 'javascript'],
      'BAD_FLAG_VALUE',
      'only shows with --client raw',
    ],
    [
      'a load fault without suite load',
      ['--fault', 'agent-evicts-what-it-just-stored', '--suite', 'agent'],
      'BAD_FLAG_VALUE',
      'only shows with --suite load',
    ],
  ];
  for (const [title, argv, code, message] of rejected)
    it(`rejects ${title}`, () =>
      expect(() => checkFaults(configure(argv, {})))
        .to.throw(HarnessError, message)
        .with.property('code', code));
});

import { expect } from 'chai';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { inconclusiveReason, type EventLoopDelay } from './reliability.ts';

describe('an inconclusive result', () => {
  const refusal = (layer: ProbeResult['layer'], code: string, message = ''): ProbeResult => ({
    outcome: 'refused',
    ...(layer && { layer }),
    code,
    message,
  });
  for (const [what, result, tells] of [
    ['a reset connection', refusal('agent', 'ECONNRESET', 'the agent cannot be reached (ECONNRESET)'), false],
    ['a timeout', refusal('agent', 'TIMEOUT'), false],
    [
      'a timeout of the agent',
      refusal(
        'agent',
        '500',
        'Post "http://x": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      ),
      false,
    ],
    [
      'a broken connection of a proxy',
      refusal('agent', '502', 'error trying to reach service: read tcp: connection reset by peer'),
      false,
    ],
    [
      'a webhook that did not answer the API server',
      refusal('kubernetes', 'InternalError', 'failed calling webhook "x": context deadline exceeded'),
      false,
    ],
    [
      'instance metadata that answered too late for the SDK',
      refusal('injection', 'NoCredentialsSettings', 'instance metadata did not answer the SDK in time (TIMEOUT)'),
      false,
    ],
    ['a pod without settings', refusal('injection', 'NoCredentialsSettings', 'nothing was injected'), true],
    ['a refused connection', refusal('agent', 'ECONNREFUSED'), true],
    ['a refusal', refusal('agent', '400', 'no token'), true],
    ['an answer of EKS Auth', refusal('eks-auth', 'InternalServerException', 'deadline exceeded'), true],
    ['a network that drops packets', refusal('network', 'TIMEOUT'), true],
    ['a grant', { outcome: 'granted', layer: 'agent', message: 'TIMEOUT' }, true],
  ] as const satisfies readonly (readonly [string, ProbeResult, boolean])[])
    it(`is ${tells ? 'not ' : ''}${what}`, () =>
      expect(inconclusiveReason(result, { milliseconds: 0, ofAll: false }) === undefined).to.equal(tells));

  const timedOut = refusal('agent', '500', 'dial tcp x:80: i/o timeout');
  for (const [what, result, late, tells] of [
    ['a timeout while no service was late', timedOut, { milliseconds: 249, ofAll: true }, true],
    ['a timeout while AWS or the agent was late', timedOut, { milliseconds: 250, ofAll: true }, false],
    ['a timeout while a service may have been late', timedOut, { milliseconds: 0, ofAll: false }, false],
    [
      'a timeout while the pod was late',
      { ...timedOut, facts: { lateMilliseconds: 250 } },
      { milliseconds: 0, ofAll: true },
      false,
    ],
    [
      'a reset connection while no service was late',
      refusal('agent', 'ECONNRESET'),
      { milliseconds: 0, ofAll: true },
      false,
    ],
  ] as const satisfies readonly (readonly [string, ProbeResult, EventLoopDelay, boolean])[])
    it(`is ${tells ? 'not ' : ''}${what}`, () =>
      expect(inconclusiveReason(result, late) === undefined).to.equal(tells));

  const none = refusal('agent', 'CredentialsProviderError', 'the SDK found no credentials, yet the agent answers');
  for (const [what, result, late, tells] of [
    ['a result without credentials while AWS or the agent was late', none, 500, false],
    ['a result without credentials while the pod was late', { ...none, facts: { lateMilliseconds: 700 } }, 0, false],
    ['a missing session of STS while STS was late', refusal('sts', 'TimeoutError'), 900, false],
    [
      'a result without credentials while no service was late',
      { ...none, facts: { lateMilliseconds: 499 } },
      499,
      true,
    ],
    ["an agent's own refusal on a busy machine", { ...none, status: 403 }, 5000, true],
    ['a refused connection on a busy machine', { ...none, code: 'ECONNREFUSED', facts: { status: 0 } }, 5000, true],
    ['a pod without settings on a busy machine', refusal('injection', 'NoCredentialsSettings'), 5000, true],
    ['a denial on a busy machine', { ...none, outcome: 'denied', layer: 's3' }, 5000, true],
    ['a grant on a busy machine', { outcome: 'granted' }, 5000, true],
  ] as const satisfies readonly (readonly [string, ProbeResult, number, boolean])[])
    it(`is ${tells ? 'not ' : ''}${what}`, () =>
      expect(inconclusiveReason(result, { milliseconds: late, ofAll: false }) === undefined).to.equal(tells));
});

import { expect } from 'chai';
import { isAnswer, HARNESS_CALLER_ERRORS, SERVICE_ERRORS, refusalBy } from './refusal.ts';

const thrown = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error('no'), {
    name,
    ...(httpStatusCode !== undefined && { $metadata: { httpStatusCode, requestId: 'r-1' } }),
  });

const verdict = (isAnswer: boolean): string => (isAnswer ? 'an answer' : 'no answer');

describe("an AWS client's error", () => {
  for (const [what, error, ofServices, ofOurs] of [
    ['a denial', thrown('AccessDenied', 403), true, true],
    ['an unsupported operation', thrown('NotImplemented', 501), true, true],
    ['a service failure', thrown('InternalError', 500), false, false],
    ['throttling', thrown('ThrottlingException', 400), false, false],
    ['an expired session', thrown('ExpiredToken', 400), true, false],
    ['a timeout', thrown('TimeoutError'), false, false],
    ['an error without a status', thrown('Other'), false, false],
    ['a broken connection', thrown('ECONNRESET', 500), false, false],
    ['an exhausted quota', thrown('LimitExceeded', 409), false, false],
    ['an unknown access key', thrown('InvalidClientTokenId', 403), true, false],
    ['a wrong clock', thrown('RequestTimeTooSkewed', 403), true, false],
    ['an invalid parameter', thrown('InvalidParameterException', 400), true, true],
  ] as const)
    it(`${what}: ${verdict(ofServices)} by service errors, ${verdict(ofOurs)} by harness errors`, () => {
      expect(isAnswer(error, SERVICE_ERRORS)).to.equal(ofServices);
      expect(isAnswer(error, HARNESS_CALLER_ERRORS)).to.equal(ofOurs);
    });

  it('becomes a refusal if it is an answer', () =>
    expect(refusalBy('sts', thrown('AccessDenied', 403), SERVICE_ERRORS)).to.deep.equal({
      outcome: 'refused',
      layer: 'sts',
      code: 'AccessDenied',
      status: 403,
      message: 'no',
      requestId: 'r-1',
    }));

  it('becomes a refusal without a request id if it has none', () => {
    const error = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    expect(refusalBy('sts', error, SERVICE_ERRORS)).not.to.have.property('requestId');
  });

  for (const error of [thrown('InternalError', 500), thrown('TimeoutError')])
    it(`is rethrown if it is not an answer: ${error.name}`, () =>
      expect(() => refusalBy('sts', error, SERVICE_ERRORS)).to.throw(error.message));
});

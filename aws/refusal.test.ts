import { expect } from 'chai';
import { isAnswer, HARNESS_CALLER_ERRORS, SERVICE_ERRORS, refusalBy } from './refusal.ts';

const thrown = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error('no'), {
    name,
    ...(httpStatusCode !== undefined && { $metadata: { httpStatusCode, requestId: 'r-1' } }),
  });

describe('what an AWS client threw', () => {
  for (const [what, error, ofServices, ofOurs] of [
    ['a denial', thrown('AccessDenied', 403), true, true],
    ['what a service does not do', thrown('NotImplemented', 501), true, true],
    ['that its service failed', thrown('InternalError', 500), false, false],
    ['that there were too many calls', thrown('ThrottlingException', 400), false, false],
    ['that the session is over', thrown('ExpiredToken', 400), true, false],
    ['that nobody answered', thrown('TimeoutError'), false, false],
    ['what has no answer', thrown('Other'), false, false],
    ['that a connection broke', thrown('ECONNRESET', 500), false, false],
    ['that there are too many', thrown('LimitExceeded', 409), false, false],
    ['that nobody knows the keys', thrown('InvalidClientTokenId', 403), true, false],
    ['that the clock is wrong', thrown('RequestTimeTooSkewed', 403), true, false],
    ['what is wrong with the request', thrown('InvalidParameterException', 400), true, true],
  ] as const)
    it(`${what}: it is ${ofServices ? 'an answer' : 'none'}, of ours ${ofOurs ? 'too' : 'none'}`, () => {
      expect(isAnswer(error, SERVICE_ERRORS)).to.equal(ofServices);
      expect(isAnswer(error, HARNESS_CALLER_ERRORS)).to.equal(ofOurs);
    });

  it('is a refusal where it is an answer', () =>
    expect(refusalBy('sts', thrown('AccessDenied', 403), SERVICE_ERRORS)).to.deep.equal({
      outcome: 'refused',
      layer: 'sts',
      code: 'AccessDenied',
      status: 403,
      message: 'no',
      requestId: 'r-1',
    }));

  it('is a refusal of no request where none is told', () => {
    const error = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    expect(refusalBy('sts', error, SERVICE_ERRORS)).not.to.have.property('requestId');
  });

  for (const error of [thrown('InternalError', 500), thrown('TimeoutError')])
    it(`is thrown again where it is none: ${error.name}`, () =>
      expect(() => refusalBy('sts', error, SERVICE_ERRORS)).to.throw(error.message));
});

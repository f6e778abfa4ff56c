import { expect } from 'chai';
import { lastErrorLine, withoutSecrets } from './rollout.ts';

describe('lastErrorLine', () => {
  for (const [log, line] of [
    ['', undefined],
    ['Error: unknown flag: --x\n\n', 'Error: unknown flag: --x'],
    [
      '{"level":"info","msg":"Starting"}\n{"level":"fatal","msg":"Unable to start server","error":"bind: in use"}\n{"level":"info","msg":"bye"}\n',
      'Unable to start server: bind: in use',
    ],
    [
      'I1124 18:04:14.760214       1 main.go:97] Creating server\nF1124 18:04:14.760310       1 main.go:300] Error creating config: no token\n\ngoroutine 1 [running]:\n',
      'Error creating config: no token',
    ],
    ['panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n', 'panic: runtime error'],
    ['{"half": \n', '{"half":'],
  ] as const) {
    it(`returns ${JSON.stringify(line)} for ${JSON.stringify(log)}`, () => expect(lastErrorLine(log)).to.equal(line));
  }
});

describe('withoutSecrets', () => {
  const token = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.${'c2ln'.repeat(20)}`;
  const sessionToken = `IQoJb3JpZ2luX2VjE${'aB3/xY+z9_'.repeat(10)}==`;
  const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  for (const [what, secret] of Object.entries({ token, sessionToken, secretKey })) {
    it(`redacts a ${what}`, () =>
      expect(withoutSecrets(`the call with "${secret}" failed`)).to.equal('the call with "[redacted]" failed'));
  }

  it('keeps other text', () => {
    const text = `image registry.example.com/eks/agent@sha256:${'0a1b'.repeat(16)} at http://172.18.0.1:4000/v1/credentials, arn:aws:iam::123456789012:role/Reader`;
    expect(withoutSecrets(text)).to.equal(text);
  });
});

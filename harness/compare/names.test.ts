import { expect } from 'chai';
import { identityName, neutral, neutralExpectation } from './names.ts';

describe('names of a run', () => {
  it('are replaced in a text', () => {
    expect(neutral('system:serviceaccount:pi-07-app-cabcdef:app', 'cabcdef', 'PI-07')).to.equal(
      'system:serviceaccount:pi-07-app-<run>:app',
    );
    expect(neutral('cabcdef-pi-07-0003-data', 'cabcdef', 'PI-07')).to.equal('<run>-pi-07-data');
    expect(neutral('cabcdef-pi-07b-0003-data', 'cabcdef', 'PI-07b')).to.equal('<run>-pi-07b-data');
    expect(neutral('cabcdef-pi-07-0012-data', 'cabcdef', 'PI-07')).to.equal('<run>-pi-07-data');
    expect(neutral('a-try-2', 'cabcdef', 'PI-07')).to.equal('a-try-2');
    expect(neutral('conformance-cabcdef-pi-07-data', 'cabcdef', 'PI-07')).to.equal('<run>-pi-07-data');
    expect(neutral('podidentityassociation/cabcdef-c1/a-f6ssbg0ns3tjhqfaw', 'cabcdef', 'PI-07')).to.equal(
      'podidentityassociation/<run>-c1/<association-id>',
    );
    expect(neutral('269f1bed-398d-4f01-8eca-9acee69dc6e8', 'cabcdef', 'PI-07')).to.equal('<uid>');
    expect(neutral('269f1bed-398d-4f01-8eca', 'cabcdef', 'PI-07')).to.equal('269f1bed-398d-4f01-8eca');
  });

  it('are replaced in an expectation, together with the account', () => {
    expect(neutralExpectation('arn:aws:iam::111122223333:role/cabcdef-pi-07-app', 'cabcdef', 'PI-07')).to.equal(
      'arn:aws:iam::<account>:role/<run>-pi-07-app',
    );
    expect(neutralExpectation('1111222233334', 'cabcdef', 'PI-07')).to.equal('1111222233334');
  });

  const session = (role: string): string => `arn:aws:sts::111122223333:assumed-role/${role}/session`;
  const table: readonly (readonly [string, string])[] = [
    [session('cabcdef-pi-07-app'), 'app'],
    [session('cabcdef-pi-07-my-app'), 'my-app'],
    [session('conformance-cabcdef-pi-07-app'), 'app'],
    [session('cabcdef-pi-07-0002-app'), 'app'],
    [session('cabcdef-c1-node'), 'node'],
    [session('cabcdef-c2-node'), 'node'],
    [session('cabcdef-pi-08-app'), '<run>-pi-08-app'],
    [session('other'), 'other'],
    ['arn:aws:iam::111122223333:user/me', 'static'],
    ['arn:aws:iam::111122223333:root', 'static'],
    ['arn:aws:sts::111122223333:federated-user/cabcdef', 'arn:aws:sts::111122223333:federated-user/<run>'],
  ];
  for (const [arn, name] of table)
    it(`${arn} is ${name}`, () => expect(identityName(arn, 'cabcdef', 'PI-07')).to.equal(name));
});

import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { Logger } from '../log.ts';
import { usableKeys } from './cluster-keys.ts';

describe('usableKeys', () => {
  it('skips keys that cannot be read, and keeps the others', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const lines: string[] = [];
    const keys = usableKeys(
      [
        { kid: 'unknown', kty: 'OTHER' },
        { kid: 'incomplete', kty: 'RSA', e: 'AQAB' },
        { kid: 'good', ...publicKey.export({ format: 'jwk' }) },
      ],
      new Logger((line) => lines.push(line), 'info'),
    );
    expect([...keys.keys()]).to.deep.equal(['good']);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.contain('Public key unknown was skipped: ');
  });
});

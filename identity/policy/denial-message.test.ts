import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readDenialMessage, type DenialMessage } from './denial-message.ts';

/** Forms of real messages, with other names, and where they were found. */
const MESSAGES = JSON.parse(readFileSync(new URL('denial-messages.json', import.meta.url), 'utf8')) as readonly {
  readonly source: string;
  readonly message: string;
  readonly expected: DenialMessage | null;
}[];

describe('readDenialMessage', () => {
  MESSAGES.forEach(({ source, message, expected }, index) => {
    it(`reads message ${index + 1}, of ${source}`, () => {
      expect(readDenialMessage(message) ?? null).to.deep.equal(expected);
    });
  });
});

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { jsonSchema, PUBLISHED } from './schemas.ts';

describe('the published JSON Schema', () => {
  for (const [path, schema] of Object.entries(PUBLISHED))
    it(`${path} is the one that the code reads by: npm run schemas writes it`, () => {
      expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal(JSON.parse(JSON.stringify(jsonSchema(schema))));
    });
});

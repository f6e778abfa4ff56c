import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parse } from 'yaml';
import { configSchema } from './config-schema.ts';
import { policySchema } from './policy-schema.ts';
import { jsonSchema, PUBLISHED } from './schemas.ts';

describe('published JSON Schema', () => {
  for (const [path, schema] of Object.entries(PUBLISHED))
    it(`${path} equals the schema in the code (npm run schemas updates it)`, () => {
      expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal(JSON.parse(JSON.stringify(jsonSchema(schema))));
    });

  describe('for policies', () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema(policySchema));
    const folders = ['docs/iam', 'examples/my-suites/policies'];
    const files = folders.flatMap((folder) =>
      readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [`${folder}/${name}`] : [])),
    );

    it("accepts this project's policies", () => {
      expect(files.length).to.be.above(5);
      for (const file of files) expect(validate(JSON.parse(readFileSync(file, 'utf8'))), file).to.equal(true);
    });

    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
    for (const [what, wrong] of [
      ['an effect in lower case', { ...statement, Effect: 'allow' }],
      ['an unknown element', { ...statement, Actions: 's3:GetObject' }],
      ['an unknown operator', { ...statement, Condition: { StringEqual: { 'aws:PrincipalArn': 'a' } } }],
      ['an unknown principal type', { ...statement, Principal: { Aws: '*' } }],
    ] as const)
      it(`rejects ${what}`, () => {
        expect(validate({ Version: '2012-10-17', Statement: statement })).to.equal(true);
        expect(validate({ Version: '2012-10-17', Statement: wrong })).to.equal(false);
      });
  });

  describe('for config files', () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema(configSchema));
    it('accepts the starter config and rejects invalid options', () => {
      expect(validate(parse(readFileSync('examples/starter/conformance/config.yaml', 'utf8')))).to.equal(true);
      for (const wrong of [{ paralel: 2 }, { parallel: 0 }, { cluster: 'minikube' }, { list: true }, { quiet: 'yes' }])
        expect(validate(wrong), JSON.stringify(wrong)).to.equal(false);
    });
  });
});

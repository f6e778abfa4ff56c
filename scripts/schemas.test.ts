import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parse } from 'yaml';
import { configSchema } from './config-schema.ts';
import { policySchema } from './policy-schema.ts';
import { jsonSchema, PUBLISHED } from './schemas.ts';

describe('the published JSON Schema', () => {
  for (const [path, schema] of Object.entries(PUBLISHED))
    it(`${path} is the one that the code reads by: npm run schemas writes it`, () => {
      expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal(JSON.parse(JSON.stringify(jsonSchema(schema))));
    });

  describe('of policies', () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema(policySchema));
    const folders = ['docs/iam', 'examples/my-suites/policies'];
    const files = folders.flatMap((folder) =>
      readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [`${folder}/${name}`] : [])),
    );

    it('takes the policies of this project', () => {
      expect(files.length).to.be.above(5);
      for (const file of files) expect(validate(JSON.parse(readFileSync(file, 'utf8'))), file).to.equal(true);
    });

    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
    for (const [what, wrong] of [
      ['an effect in lower case', { ...statement, Effect: 'allow' }],
      ['an element that there is not', { ...statement, Actions: 's3:GetObject' }],
      ['an operator that there is not', { ...statement, Condition: { StringEqual: { 'aws:PrincipalArn': 'a' } } }],
      ['a principal of a kind that there is not', { ...statement, Principal: { Aws: '*' } }],
    ] as const)
      it(`refuses ${what}`, () => {
        expect(validate({ Version: '2012-10-17', Statement: statement })).to.equal(true);
        expect(validate({ Version: '2012-10-17', Statement: wrong })).to.equal(false);
      });
  });

  describe('of config files', () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema(configSchema));
    it('takes what a config file may say, and no more', () => {
      expect(validate(parse(readFileSync('examples/starter/conformance/config.yaml', 'utf8')))).to.equal(true);
      for (const wrong of [{ paralel: 2 }, { parallel: 0 }, { cluster: 'minikube' }, { list: true }, { quiet: 'yes' }])
        expect(validate(wrong), JSON.stringify(wrong)).to.equal(false);
    });
  });
});

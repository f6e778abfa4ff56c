import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseCases } from '../evaluate/case-file.ts';
import { authorize } from './index.ts';

const folder = new URL('cases/', import.meta.url);

// The files also work with the command: npm run evaluate -- identity/policy/cases/<file>
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  describe(`policy cases: ${file.replace('.json', '').replaceAll('-', ' ')}`, () => {
    for (const one of parseCases(readFileSync(new URL(file, folder), 'utf8'), file)) {
      it(one.name, () => {
        if ('error' in one) throw new Error(one.error);
        const { input, expect: expected } = one;
        const decision = authorize(input);
        expect(decision.value, decision.reason).to.equal(expected);
        // The explanation is computed separately, and must agree with the decision.
        const applied = decision.statements.filter((statement) => statement.applied);
        const denies = applied.some(({ effect }) => effect === 'Deny');
        if (input.action !== 'sts:GetCallerIdentity') expect(denies).to.equal(expected === 'explicitlyDenied');
        expect(decision.deniedBy === undefined).to.equal(expected === 'allowed' || expected === 'unknown');
        const beginning = { allowed: /^allowed/, unknown: /^unknown without the policy of arn:aws:kms:/ };
        expect(decision.reason).to.match({ ...beginning }[expected as string] ?? /^(denied by|no .* allows)/);
      });
    }
  });
}

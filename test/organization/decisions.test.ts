import { expect } from 'chai';
import { parseCases } from '../../identity/evaluate/case-file.ts';
import { authorize } from '../../identity/policy/index.ts';
import { evaluate, type Question } from '../cross-examination/policy-evaluation.ts';
import { DECISIONS } from './decisions.ts';

describe('decisions about organization policies', () => {
  for (const decision of DECISIONS)
    it(`${decision.name}: ${decision.expect}`, () => {
      const [one] = parseCases(JSON.stringify({ cases: [decision] }), 'decisions.json');
      if (one === undefined || 'error' in one) throw new Error(one?.error);
      const { value, reason, statements } = authorize(one.input);
      expect(value, `${reason} (${decision.note})`).to.equal(decision.expect);
      const denies = statements.some(({ applied, effect }) => applied && effect === 'Deny');
      if (one.input.action !== 'sts:GetCallerIdentity') expect(denies).to.equal(value === 'explicitlyDenied');
      expect(evaluate(decision as unknown as Question), 'the second engine').to.equal(decision.expect);
    });
});

import { option } from '../../foundation/node/options.ts';
import { readText } from '../../foundation/node/read-file.ts';
import type { UnreadableCase } from '../../identity/evaluate/case-file.ts';
import type { EvaluatedCase } from '../../identity/evaluate/render.ts';
import { withValue } from '../../harness/config/read-options.ts';
import type { Command } from './command.ts';
import { formatOption, print, type Formats } from './formats.ts';

type Cases = readonly (EvaluatedCase | UnreadableCase)[];

const FORMATS: Formats<Cases> = {
  terminal: async (cases) => (await import('../../identity/evaluate/render.ts')).renderText(cases),
  json: async (cases) => (await import('../../identity/evaluate/render.ts')).renderJson(cases),
};

export const EVALUATE: Command = {
  name: 'evaluate',
  summary: 'evaluate the IAM cases of a file',
  question: 'how IAM decides requests and policies that you write down, without a cluster',
  about: `Evaluate the IAM cases of a JSON file and explain each decision, statement by statement.

FILE holds {"cases": [CASE, ...]}. A CASE has
  name              a label for the output
  request           principal, action and resource; resourceAccount and context if needed
  identityPolicies  a policy or a list of policies
  resourcePolicy, trustPolicy, sessionPolicy, permissionsBoundary
                    a policy each
  scps, rcps        levels of organization policies, from the root to the account
  managementAccount the account that they do not restrict
  expect            allowed, implicitlyDenied, explicitlyDenied or unknown (the policy of a KMS
                    key decides, and is not given)
Only name and request are required. A name is any text.

The principal is the ARN of a role (a session of it), an assumed-role session, a user, an account's
root or an identity provider, a service's name, or * for an anonymous caller. A context value is a
string, a number, a boolean or a list of these. A policy is a document, its JSON text, or
{"file": PATH, "resource": ADDRESS}: a policy file, the output of "terraform show -json", or a
template of CloudFormation or CDK.`,
  operands: { usage: 'FILE', least: 1, most: 1 },
  options: [formatOption(FORMATS), option.flag('json', 'do the same as --format json')],
  remarks:
    'Exit codes: 0 all cases match their expectation; 1 at least one differs; 2 wrong usage, an unreadable file, or a case that cannot be read. The other cases are judged.',
  async run(given, io) {
    const {
      flag,
      words: [file = ''],
    } = given;
    const { stderr } = io;
    const { countOf, isUnreadable } = await import('../../identity/evaluate/render.ts');
    const { statementProblems } = await import('../../identity/policy/actions.ts');
    const { brokenKeyRules } = await import('../../identity/policy/key-rules.ts');
    const cases = await evaluateFile(file);
    await print(cases, FORMATS, flag('json') ? withValue(given, 'format', 'json') : given, io);
    for (const { name, decision } of cases.flatMap((one) => (isUnreadable(one) ? [] : one))) {
      const warnings = [
        ...decision.policies.flatMap((policy) =>
          statementProblems(policy.document).map((text) => `${policy.name}, ${text}`),
        ),
        ...brokenKeyRules(decision.input).map((rule) => `no request has these condition keys, because ${rule}.`),
      ];
      for (const text of warnings) stderr.write(`Warning: ${file}: case "${name}": ${text}\n`);
    }
    for (const { error } of cases.filter(isUnreadable)) stderr.write(`${error}\n`);
    const { agree, compared, unreadable } = countOf(cases);
    if (unreadable > 0) return 2;
    return agree === compared ? 0 : 1;
  },
};

async function evaluateFile(file: string): Promise<Cases> {
  const [{ parseCases }, { authorize }] = await Promise.all([
    import('../../identity/evaluate/case-file.ts'),
    import('../../identity/policy/index.ts'),
  ]);
  return parseCases(readText(file, 'File of cases'), file).map((one) => {
    if ('error' in one) return one;
    const { name, input, expect } = one;
    const decision = authorize(input);
    return { name, decision, expect, agrees: expect === undefined ? undefined : decision.value === expect };
  });
}

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { authorize } from '../policy/index.ts';
import { CaseError } from './case-error.ts';
import { parseCases } from './case-file.ts';
import { countOf, renderJson, renderText, type EvaluatedCase } from './render.ts';

const HELP = `Usage: npm run evaluate -- [--json] FILE

Evaluates the IAM cases of a JSON file and explains each decision, statement by statement.

FILE holds {"cases": [CASE, ...]}. A CASE has
  name                 what it is about
  request              principal, action, resource and, where they matter, resourceAccount and context.
                       The principal is the ARN of a role (a session of it), of an assumed-role session, of a user,
                       of an account's root or of an identity provider, a service's name, or * for an anonymous
                       caller. A context value is a string, a number, a boolean or a list of these.
  identityPolicies     list of policies, or one policy
  resourcePolicy, trustPolicy, sessionPolicy, permissionsBoundary
                       one policy each
  expect               allowed, implicitlyDenied or explicitlyDenied
All but name and request may be left out.

Options:
  --json   print one JSON document
  --help   print this help

Exit codes: 0 all cases agree with what they expect, 1 at least one differs, 2 the file or the command line is wrong.
`;

interface Output {
  write(text: string): unknown;
}

/** Runs the command; answers its exit code. */
export async function main(argv: string[], io: { stdout: Output; stderr: Output }): Promise<number> {
  try {
    const { file, json, help } = parseArguments(argv);
    if (help) {
      io.stdout.write(HELP);
      return 0;
    }
    const cases = await evaluateFile(file);
    io.stdout.write(json ? renderJson(cases) : renderText(cases));
    const { agree, compared } = countOf(cases);
    return agree === compared ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CaseError)) throw error;
    io.stderr.write(`evaluate: ${error.message}\n`);
    return 2;
  }
}

function parseArguments(argv: string[]): { file: string; json: boolean; help: boolean } {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    // The first sentence names the argument; the rest is about how to pass it as a file's name.
    const [sentence] = (error as Error).message.split(/\.\s/);
    throw new CaseError(`${sentence}; --help tells what there is`);
  }
  const { values, positionals } = parsed;
  const [file = ''] = positionals;
  if (!values.help && positionals.length !== 1) {
    throw new CaseError(`give one file of cases, not ${positionals.length}; --help tells its form`);
  }
  return { file, json: values.json ?? false, help: values.help ?? false };
}

async function evaluateFile(file: string): Promise<EvaluatedCase[]> {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CaseError(`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : code}`);
  }
  try {
    return parseCases(text).map(({ name, input, expect }) => {
      const decision = authorize(input);
      return { name, decision, expect, agrees: expect === undefined ? undefined : decision.value === expect };
    });
  } catch (error) {
    if (error instanceof CaseError) throw new CaseError(`${file}: ${error.message}`);
    throw error;
  }
}

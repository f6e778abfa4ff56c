import type { Statement } from '../facts/statements.ts';

/** Returns a value as an expression of Terraform. */
export const expression = (value: unknown): string => JSON.stringify(value).replaceAll('${', '$${');
const list = (value: unknown): string => `[${[value].flat().map(expression).join(', ')}]`;
const identifier = (name: string): string => name.replace(/^(?=\d)/, '_').replaceAll(/[^\w-]/g, '_');

export const resource = (type: string, name: string, attributes: Readonly<Record<string, string>>): string =>
  block(`resource "${type}" "${identifier(name)}"`, attributes);

/** `attributes` are expressions by name. */
function block(head: string, attributes: Readonly<Record<string, string>>, blocks: readonly string[] = []): string {
  const widest = Math.max(...Object.keys(attributes).map((name) => name.length));
  const lines = Object.entries(attributes).map(([name, value]) => `${name.padEnd(widest)} = ${value}`);
  return [
    `${head} {`,
    ...[...lines, ...blocks.join('\n').split('\n')].filter(Boolean).map((line) => `  ${line}`),
    '}',
  ].join('\n');
}

/** Returns a statement of an aws_iam_policy_document. */
export function statementBlock({ Sid, Action: actions, Principal, Condition = {} }: Statement): string {
  const conditions = Object.entries(Condition as Record<string, Record<string, unknown>>).flatMap(([test, keys]) =>
    Object.entries(keys).map(([variable, values]) =>
      block('condition', { test: expression(test), variable: expression(variable), values: list(values) }),
    ),
  );
  const principals = Object.entries(Principal as Record<string, unknown>).map(([type, identifiers]) =>
    block('principals', { type: expression(type), identifiers: list(identifiers) }),
  );
  return block('statement', { sid: expression(Sid), actions: list(actions) }, [...principals, ...conditions]);
}

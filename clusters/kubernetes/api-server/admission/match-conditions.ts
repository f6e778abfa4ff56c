import type { CelInput, parse } from '@bufbuild/cel';
import { forbidden, invalidValue, type FieldError } from '../model/errors.ts';
import type { KubeObject } from '../model/types.ts';
import { isObject } from '../patch/merge-patch.ts';
import { webhooksOf, type Webhook } from './webhook-matching.ts';
import { requestOf, type AdmissionAttributes } from './webhook-review.ts';

type Expression = ReturnType<typeof parse>['expr'];

const VARIABLES = ['object', 'oldObject', 'request'];
/** Types are values too (CEL, "Language Definition", "Abstract Types"). */
const TYPES = ['bool', 'bytes', 'double', 'google', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'];
const BOOLEAN = /^(_(&&|\|\||==|!=|<=?|>=?)_|!_|@in|startsWith|endsWith|contains|matches|bool)$/;
const SUPPORTED = `this cluster supports the variables ${VARIABLES.join(', ')}, and the functions of CEL and of its extension for strings`;

async function importCel() {
  const [cel, { strings }] = await Promise.all([import('@bufbuild/cel'), import('@bufbuild/cel/ext')]);
  const environment = cel.celEnv({ funcs: strings });
  return { ...cel, environment };
}
type Cel = Awaited<ReturnType<typeof importCel>>;
let loading: Promise<Cel> | undefined;

/** Loads CEL once, on first use, because that takes half a second. */
const loadCel = (): Promise<Cel> => (loading ??= importCel());

/**
 * Compiles the `matchConditions` of a configuration (Kubernetes, "Dynamic Admission Control", "Matching requests:
 * matchConditions"). Returns an error for each that is invalid, or that needs a variable or function of Kubernetes only.
 */
export async function checkMatchConditions(configuration: KubeObject): Promise<FieldError[]> {
  const conditions = webhooksOf(configuration).flatMap(({ matchConditions }, webhook) =>
    (matchConditions ?? []).map(({ expression }, at) => ({
      field: `webhooks[${webhook}].matchConditions[${at}].expression`,
      expression,
    })),
  );
  if (conditions.length === 0) return [];
  const cel = await loadCel();
  return conditions.flatMap(({ field, expression }) => {
    const problem = problemOf(cel, expression);
    return problem === undefined ? [] : [invalidValue(field, expression, problem)];
  });
}

function problemOf(cel: Cel, expression: string): string | undefined {
  try {
    const { expr } = cel.parse(expression);
    const [unknown] = unknownNames(cel, expr, new Set([...VARIABLES, ...TYPES]));
    if (unknown !== undefined) return `compilation failed: undeclared reference to '${unknown}'; ${SUPPORTED}`;
    cel.plan(cel.environment, expr);
    return isBoolean(expr) ? undefined : 'must evaluate to bool';
  } catch (error) {
    return `compilation failed: ${(error as Error).message}`;
  }
}

/** Yields variables and functions that do not exist. Macros such as `exists` are already expanded. */
function* unknownNames(cel: Cel, { exprKind }: Expression, scope: ReadonlySet<string>): Generator<string> {
  const inside = (parts: readonly (Expression | undefined)[], names: readonly string[] = []): string[] =>
    parts.flatMap((part) => (part === undefined ? [] : [...unknownNames(cel, part, new Set([...scope, ...names]))]));
  switch (exprKind.case) {
    case 'identExpr':
      if (!scope.has(exprKind.value.name)) yield exprKind.value.name;
      return;
    case 'selectExpr':
      return yield* inside([exprKind.value.operand]);
    case 'callExpr': {
      const { function: name, target, args } = exprKind.value;
      // In `sets.contains`, only `sets` does not exist.
      yield* inside([target]);
      if (!/^[@_!-]/.test(name) && cel.environment.funcs.find(name) === undefined) yield name;
      return yield* inside(args);
    }
    case 'listExpr':
      return yield* inside(exprKind.value.elements);
    case 'structExpr': {
      const { messageName, entries } = exprKind.value;
      if (messageName !== '') yield messageName;
      return yield* inside(
        entries.flatMap(({ keyKind, value }) => [keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    }
    case 'comprehensionExpr': {
      const { iterRange, accuInit, accuVar, iterVar, iterVar2, loopCondition, loopStep, result } = exprKind.value;
      yield* inside([iterRange, accuInit]);
      return yield* inside([loopCondition, loopStep, result], [accuVar, iterVar, iterVar2]);
    }
    default:
  }
}

function isBoolean({ exprKind }: Expression): boolean {
  switch (exprKind.case) {
    case 'constExpr':
      return exprKind.value.constantKind.case === 'boolValue';
    case 'selectExpr':
      return exprKind.value.testOnly;
    case 'callExpr': {
      const { function: name, args } = exprKind.value;
      return name === '_?_:_' ? args.slice(1).every(isBoolean) : BOOLEAN.test(name);
    }
    case 'comprehensionExpr': {
      const { accuInit } = exprKind.value;
      return accuInit !== undefined && isBoolean(accuInit);
    }
    default:
      return false;
  }
}

/** Converts JSON: whole numbers are ints in Kubernetes, not doubles. */
function toCel(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(toCel);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toCel(one)]));
  return (typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : (value ?? null)) as CelInput;
}

/**
 * Returns whether all `matchConditions` of a webhook hold. An error in one of them follows the failure policy, unless another
 * is false: `Ignore` skips the webhook, and `Fail` refuses the request. Throws `ApiError` 403.
 */
export async function conditionsHold(
  { matchConditions, failurePolicy }: Webhook,
  attributes: AdmissionAttributes,
  object: KubeObject | undefined,
): Promise<boolean> {
  if (!matchConditions?.length) return true;
  const cel = await loadCel();
  const { object: _object, oldObject, ...request } = requestOf('', attributes, object);
  const variables = toCel({ object, oldObject, request }) as Record<string, CelInput>;
  const results = matchConditions.map(({ expression }) => ({
    expression,
    value: cel.plan(cel.environment, cel.parse(expression).expr)(variables),
  }));
  if (results.some(({ value }) => value === false)) return false;
  const errors = results.flatMap(({ expression, value }) => {
    if (value === true) return [];
    const reason = cel.isCelError(value) ? value.message.replace(/^field not found: /, 'no such key: ') : 'not a bool';
    return [`expression '${expression}' resulted in error: ${reason}`];
  });
  if (errors.length === 0) return true;
  if (failurePolicy === 'Ignore') return false;
  const { name = '' } = (object ?? attributes.previous)?.metadata ?? {};
  throw forbidden(attributes.kind, name, errors.length === 1 ? errors.join() : `[${errors.join(', ')}]`);
}

import { counted, wrap, type Paint } from '../../foundation/node/text.ts';
import type { Mechanism } from '../facts/identity.ts';
import { NOT_READ, type AccessAnswer } from './answer.ts';
import type { DenialReport } from './denial.ts';
import { hasWildcard } from './parts.ts';

const COLORS = { allowed: 32, denied: 31, unknown: 35 } as const;
const TITLES = { allowed: 'Allowed', denied: 'Denied', unknown: 'Unknown' } as const;
const MECHANISMS: Readonly<Record<Mechanism, string>> = {
  'pod-identity': 'Pod Identity',
  'web-identity': 'IRSA',
  'node-role': 'node role',
  'static-keys': 'static keys',
  none: 'no credentials',
  unknown: 'unknown identity',
};

/** Returns, for example, `allowed unless this denies it: policy of bucket ledger, which was not read (…)`. */
const unlessText = ({ otherwise, unless }: Pick<AccessAnswer, 'otherwise' | 'unless'>): string =>
  `${otherwise === 'allowed' ? 'allowed unless this denies it' : 'denied unless this allows it'}: ${unless.join('; ')}`;

const titleOf = ({ value, some = value }: AccessAnswer): string =>
  some === value ? TITLES[value] : `${TITLES[value]} for some, ${some} for others`;

/** Returns the answer for a terminal of `width` columns. */
export function answerText(answer: AccessAnswer, paint: Paint, width: number | undefined): string {
  const { value, namespace, serviceAccount, pod, action, resource, cluster, steps, notes } = answer;
  const who = `${namespace}/${serviceAccount}${pod === undefined ? '' : `, pod ${pod},`}`;
  const widest = Math.max(...steps.map(({ name }) => name.length));
  const lines = [
    `${paint(titleOf(answer), COLORS[value])}: ${who} ${action} on ${resource}, cluster ${cluster}`,
    ...(value === 'unknown' ? [`It is ${unlessText(answer)}.`] : []),
    '',
    ...steps.flatMap(({ name, value: own, text, resources, statements = [] }) => [
      `  ${paint(own.padEnd(7), COLORS[own])}  ${name.padEnd(widest)}  ${resources === undefined ? '' : `${resources}: `}${text}`,
      ...statements.map((statement) => `${' '.repeat(widest + 13)}${statement}`),
    ]),
    '',
    ...notes.map((note) => `Note: ${note}`),
    `Organization: ${answer.organization.replace(/\.$/, '')}.`,
    `Not read: ${NOT_READ.join('; ')}.`,
  ];
  return `${lines.map((line) => wrap(line, width, /^ {2}\S/.test(line) ? widest + 11 : 2)).join('\n')}\n`;
}

const whoValue = ({ value, some = value }: AccessAnswer, paint: Paint): string =>
  paint(some === value ? value : `${some} for some`, COLORS[some]);

/** Returns the resources that a service account may use, if it may use some of them only. */
function someText({ value, some, steps }: AccessAnswer): string {
  if (some === undefined || some === value) return '';
  const denied = new Set(steps.flatMap((step) => (step.value === 'denied' ? (step.resources ?? []) : [])));
  const parts = steps.flatMap(({ resources, value: one }) =>
    one === some && resources && !denied.has(resources) ? resources : [],
  );
  return `: ${[...new Set(parts)].join('; ')}`;
}

/** Returns the list of service accounts that can make a request. */
export function whoText(
  answers: readonly AccessAnswer[],
  { action, resource }: Pick<AccessAnswer, 'action' | 'resource'>,
  paint: Paint,
  width: number | undefined,
): string {
  const accounts = (value: AccessAnswer['value']): number =>
    new Set(
      answers.filter((one) => (one.some ?? one.value) === value).map((one) => `${one.namespace}/${one.serviceAccount}`),
    ).size;
  const lines = [
    ...answers.map(
      (one) =>
        `${whoValue(one, paint)}  ${one.namespace}/${one.serviceAccount}  ${MECHANISMS[one.mechanism]}, ${one.roles.join(' -> ') || 'role unknown'}${someText(one)}${one.value === 'unknown' ? `; ${unlessText(one)}` : ''}`,
    ),
    '',
    ...new Set(answers.flatMap(({ notes }) => notes.map((note) => `Note: ${note}`))),
    ...(hasWildcard(resource)
      ? [
          `For every resource: ${counted(answers.filter(({ value }) => value === 'allowed').length, 'service account')}.`,
        ]
      : []),
    `${counted(accounts('allowed'), 'service account')} can ${action} on ${hasWildcard(resource) ? 'some of ' : ''}${resource}; ${accounts('unknown')} unknown.`,
    `Not read: ${NOT_READ.join('; ')}.`,
  ];
  return `${lines.map((line) => wrap(line, width, 2)).join('\n')}\n`;
}

/** Returns the explanation of a message about a denied request. */
export function denialText(report: DenialReport, paint: Paint, width: number | undefined): string {
  const { caller, action, resource, reason, policy, policyArn, sentences, answers = [] } = report;
  const rows = Object.entries({
    who: caller,
    action,
    resource,
    reason: [reason, policy].filter(Boolean).join(', '),
    policy: policyArn,
  });
  const lines = [
    ...rows.flatMap(([name, value]) => (value ? [`${name.padEnd(8)}  ${value}`] : [])),
    '',
    ...sentences,
  ].map((line) => wrap(line, width, 10));
  return `${[...lines, ...answers.map((answer) => `\n${answerText(answer, paint, width)}`.trimEnd())].join('\n')}\n`;
}

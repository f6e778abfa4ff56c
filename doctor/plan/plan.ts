import { commandsOf, isCommand, isRestart } from '../checks/commands.ts';
import type { DoctorReport, Finding } from '../judge/report-schema.ts';

/** The version of the JSON output. */
const PLAN_VERSION = 1;

/** One command, or one change by hand. */
export interface PlanStep {
  readonly number: number;
  readonly cluster: string;
  /** Undefined for a change by hand. */
  readonly command?: string;
  /** What the step does, as a sentence. */
  readonly fix: string;
  readonly change?: NonNullable<Finding['change']>;
  /** The findings that the step repairs. */
  readonly findings: readonly Pick<Finding, 'check' | 'severity' | 'object' | 'text' | 'pods' | 'fingerprint'>[];
}

export interface RepairPlan {
  readonly version: typeof PLAN_VERSION;
  readonly clusters: DoctorReport['clusters'];
  /** Repairs of the whole cluster come first, the others by severity and affected pods. Restarts follow the changes that their pods need. */
  readonly steps: readonly PlanStep[];
  /** The plan may lack steps for these. */
  readonly notChecked: DoctorReport['notChecked'];
}

type Draft = Omit<PlanStep, 'number' | 'findings'> & { readonly findings: Finding[] };

/** Plans the repair of all findings. Each command occurs once. */
export function planOf({
  clusters,
  findings,
  notChecked,
}: Pick<DoctorReport, 'clusters' | 'findings' | 'notChecked'>): RepairPlan {
  const drafts = new Map<string, Draft>();
  /** New texts of policies. A second command would undo the first. */
  const policies = new Map<string, string>();
  for (const finding of findings) {
    const { cluster, repair, change, fix = '' } = finding;
    const policy = `${cluster} ${change?.policy}`;
    const isOther = change !== undefined && (policies.get(policy) ?? change.after) !== change.after;
    if (change && !isOther) policies.set(policy, change.after);
    const sentence = isOther
      ? `${fix} Another step changes the ${change.policy}: make the plan again after it.`
      : fix || repair;
    for (const command of isOther || !isCommand(repair) ? [undefined] : commandsOf(repair)) {
      const key = `${cluster} ${command ?? `${finding.check} ${isCommand(repair) ? sentence : repair}`}`;
      const text = command === undefined && !isCommand(repair) ? repair : sentence;
      const isChange = change !== undefined && / (?:--policy-document|--patch-file|-p) /.test(command ?? '');
      const draft = drafts.get(key) ?? {
        ...{ cluster, fix: text, findings: [] },
        ...(command !== undefined && { command }),
        ...(isChange && { change }),
      };
      draft.findings.push(finding);
      drafts.set(key, draft);
    }
  }
  const steps = inOrder([...drafts.values()]).map((draft, index) => ({
    ...{ number: index + 1, ...draft },
    findings: draft.findings.map(({ check, severity, object, text, pods, fingerprint }) => ({
      ...{ check, severity, object, text, pods, fingerprint },
    })),
  }));
  return { version: PLAN_VERSION, clusters, steps, notChecked };
}

/** Moves the restart of pods behind the last change that concerns one of them. */
function inOrder(drafts: readonly Draft[]): readonly Draft[] {
  const pods = drafts.map(({ findings }) => new Set(findings.flatMap(podsOf)));
  const isPodRestart = ({ command = '' }: Draft): boolean => isRestart(command);
  const places = drafts.map((draft, index) => {
    if (!isPodRestart(draft)) return index;
    const last = drafts.findLastIndex(
      (other, at) => !isPodRestart(other) && [...pods[at]!].some((pod) => pods[index]!.has(pod)),
    );
    return Math.max(index, last) + 0.5;
  });
  return drafts
    .map((draft, index) => ({ draft, place: places[index]! }))
    .sort((a, b) => a.place - b.place)
    .map(({ draft }) => draft);
}

const podsOf = ({ cluster, object: { namespace }, pods }: Finding): readonly string[] =>
  pods.map((pod) => `${cluster} ${pod.includes('/') ? pod : `${namespace}/${pod}`}`);

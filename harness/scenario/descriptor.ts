/** Descriptions of operations and steps, for plan, schedule, engine and reports. */
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { ActionStep, Capability, Expectation, Operation, ScenarioSpec } from './spec.ts';
import type { Problem } from './checks.ts';
import type { Schema } from './form.ts';
import type { ScenarioContext, Workload } from './scenario-context.ts';

/** Names that the scenario must declare; undefined ones are ignored. */
export interface References {
  readonly workloads?: readonly (string | undefined)[];
  readonly roles?: readonly (string | undefined)[];
  readonly tokens?: readonly (string | undefined)[];
  readonly users?: readonly (string | undefined)[];
  /** Clusters, except those of workloads. */
  readonly clusters?: readonly (string | undefined)[];
  /** Workloads whose pods it names. These start even without probes. */
  readonly pods?: readonly (string | undefined)[];
  readonly buckets?: readonly (string | undefined)[];
  /** KMS keys. */
  readonly keys?: readonly (string | undefined)[];
}

/** Common members; `T` is the form in scenarios. */
/** Schemas of the members of `T`, which the compiler compares with it. */
type Form<T> = {
  readonly [K in Exclude<keyof T, 'do' | 'kind' | 'performedBy'>]-?: Schema<T[K] | undefined>;
};

interface Descriptor<T> {
  /** Value of `do` in scenarios: the name of the AWS or Kubernetes operation, if any. */
  readonly name: string;
  readonly form: Form<T>;
  refersTo?(item: T): References;
  /** Mistakes in its values, as clauses. */
  check?(item: T): Iterable<Problem>;
  /** It uses nothing inside a cluster. */
  readonly withoutKubernetes?: true;
  /** Approximate seconds that it waits. */
  waitSeconds?(item: T): number;
}

/** Formats a scenario's names: real ones in a report, the scenario's in a plan. */
export interface Wording {
  text(text: string): string;
  bucket(alias: string): string;
  place(at: string): string;
}

interface Described<T extends Operation> extends Descriptor<T> {
  /** Words after its name. Empty ones are omitted. */
  describe(operation: T, say: Wording): readonly string[];
  /** Capabilities that it needs, besides a cluster with Kubernetes and S3. */
  needs?(operation: T, expectation: Expectation): readonly Capability[];
  readonly usesS3?: true;
}

/** An operation that pods perform, by a handler of this name in each probe program (components/probe). */
export interface WorkloadDescriptor<T extends Operation> extends Described<T> {
  readonly performedBy: 'workload';
  /** Converts it for the probe program. Default: replaces names in angle brackets. */
  toProgram?(operation: T, context: ScenarioContext): Operation;
  /** The operation that its handler in the probe program performs. Default: its own name. */
  readonly handler?: string;
  /** Completes the probe program's result, if that is only a part of the whole. */
  answer?(context: ScenarioContext, operation: T, report: ProbeReport): ProbeReport;
  /** It uses an SDK's credential chain. */
  readonly throughSdk?: true;
  /** It changes nothing, so it may be reordered. */
  readonly readOnly?: true;
  /** Its result does not depend on AWS's eventual consistency. */
  readonly withoutAws?: true;
  /** It does not show the workload's identity. */
  readonly withoutIdentity?: true;
  /** The role that it assumes, as written in the scenario: `<role:app>`. Undefined if none. */
  assumes?(operation: T): string | undefined;
  /** Further operations that its client must support. */
  clientOperations?(operation: T): readonly string[];
  /** Whether it sends the pod's Kubernetes API token. */
  usesApiToken?(operation: T): boolean;
  /** Whether it expects a number of calls for the pod's namespace, so that no other pod may probe concurrently. */
  countsCalls?(expectation: Expectation): boolean;
  /** Information from AWS's call record, if any, in addition to a report. */
  recorded?(
    context: ScenarioContext,
    workload: Workload,
    report: ProbeReport,
    expectation: Expectation,
  ): Recorded | undefined;
}

/** Information about a probe from AWS's call record. */
interface Recorded {
  readonly facts: NonNullable<ProbeResult['facts']>;
  /** The call that answered the probe, if the workload does not know it. */
  readonly requestId?: string;
  /** Why an unexpected value of these facts is inconclusive, in a sentence. */
  readonly unreliableFactsReason?: string | undefined;
  readonly unreliableReason?: string | undefined;
}

export interface WhyNot {
  readonly why?: string;
  /** Set if the reason makes the result inconclusive. */
  readonly unreliableReason?: string;
}

/** An operation that the harness performs. */
export interface HarnessDescriptor<T extends Operation> extends Described<T> {
  readonly performedBy: 'harness';
  /** Performs it with real names. Throws failures of server or service, and of the harness's credentials. */
  perform(context: ScenarioContext, operation: T): Promise<ProbeResult>;
  whyNot?(context: ScenarioContext, operation: T): Promise<WhyNot | undefined>;
  /** A sentence about what decided its result, if that is not an AWS call. */
  decidedBy?(context: ScenarioContext, operation: T): Promise<string | undefined>;
  /** It runs after all earlier probes, and later ones wait for it. */
  readonly standsAlone?: true;
  /** The reason of an unexpected result, if it is not visible from a comparison. */
  reason?(result: ProbeResult): string | undefined;
  /** It sends the scenario's credentials, so their rejection is a result. */
  readonly asScenario?: true;
  /** Whether a retry is harmless, and may have another result because AWS is eventually consistent. Default: never. */
  mayDiffer?(result: ProbeResult, expectation: Pick<Expectation, 'outcome' | 'status'>): boolean;
}

export type OperationDescriptor<T extends Operation> = WorkloadDescriptor<T> | HarnessDescriptor<T>;

export interface StepContext {
  readonly context: ScenarioContext;
  /** The scenario's pods, by workload. A new pod runs the probes after the step. */
  readonly pods: {
    start(workload: string): Promise<void>;
    restart(workload: string): Promise<void>;
    remove(workload: string): Promise<void>;
  };
  /** Whether the probes up to the next step that changes credentials expect that these workloads get none. */
  readonly expectsRefusal: (workloads: readonly string[]) => boolean;
}

export interface StepDescriptor<T extends ActionStep> extends Descriptor<T> {
  perform(context: StepContext, step: T): Promise<unknown>;
  needs?(step: T, kubernetes: boolean): readonly Capability[];
  /** It changes shared state, so its scenario is `exclusive`. */
  isExclusive?(step: T): NonNullable<ScenarioSpec['exclusive']>;
  /** It changes IAM: later steps wait until the change is effective. */
  readonly changesIam?: true;
  /** The role that it changes. Later steps wait until expected refusals of its sessions are effective. */
  changesRole?(step: T): string;
  /** It does not change EKS Auth's answers. */
  readonly keepsCredentials?: true;
  /** Workload whose pod it ends. */
  endsPodOf?(step: T): string;
}

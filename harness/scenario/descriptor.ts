/** The description of an operation or a step, which plan, schedule, engine and reports use. */
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { ActionStep, Capability, Expectation, Operation, ScenarioSpec } from './spec.ts';
import type { Problem } from './checks.ts';
import type { ScenarioContext, Workload } from './scenario-context.ts';

/** Names that the scenario must declare; undefined ones are ignored. */
export interface References {
  readonly workloads?: readonly (string | undefined)[];
  readonly roles?: readonly (string | undefined)[];
  readonly tokens?: readonly (string | undefined)[];
  readonly users?: readonly (string | undefined)[];
  /** Its clusters, apart from a workload's own. */
  readonly clusters?: readonly (string | undefined)[];
  /** Workloads whose pods it names, which are started even without probes. */
  readonly pods?: readonly (string | undefined)[];
}

/** Common members; `T` is the form in scenarios. */
interface Descriptor<T> {
  /** As `do` in scenarios: the name of AWS's or Kubernetes's operation, if there is one. */
  readonly name: string;
  refersTo?(item: T): References;
  /** Mistakes in its words and numbers, a clause each. */
  check?(item: T): Iterable<Problem>;
  /** It does not involve the inside of a cluster. */
  readonly withoutKubernetes?: true;
  /** About the seconds that it waits. */
  waitSeconds?(item: T): number;
}

/** Formats a scenario's names: real ones in a report, the scenario's in a plan. */
export interface Wording {
  text(text: string): string;
  bucket(alias: string): string;
  place(at: string): string;
}

interface Described<T extends Operation> extends Descriptor<T> {
  /** Words behind its name; empty ones are omitted. */
  describe(operation: T, say: Wording): readonly string[];
  /** Capabilities that it needs, besides a cluster with Kubernetes and S3. */
  needs?(operation: T, expectation: Expectation): readonly Capability[];
  readonly usesS3?: true;
}

/** An operation of pods: a handler of this name in each probe program (components/probe) performs it. */
export interface WorkloadDescriptor<T extends Operation> extends Described<T> {
  readonly performedBy: 'workload';
  /** Its form for the probe program, with real names. Default: names in angle brackets are replaced. */
  toProgram?(operation: T, context: ScenarioContext): Operation;
  /** It uses an SDK's credential chain. */
  readonly throughSdk?: true;
  /** It changes nothing, so its order among others is free. */
  readonly readOnly?: true;
  /** Its result does not depend on AWS's eventual consistency. */
  readonly withoutAws?: true;
  /** It does not show the workload's identity. */
  readonly withoutIdentity?: true;
  /** The role that it assumes itself, as the scenario writes it: `<role:app>`; undefined if none. */
  assumes?(operation: T): string | undefined;
  /** Further operations that its client must support. */
  clientOperations?(operation: T): readonly string[];
  /** Whether it presents the pod's token of the Kubernetes API. */
  usesApiToken?(operation: T): boolean;
  /** Whether it expects a number of calls for the pod's namespace, so that no other pod may probe concurrently. */
  countsCalls?(expectation: Expectation): boolean;
  /** Information from AWS's record, if any, in addition to a report. */
  recorded?(
    context: ScenarioContext,
    workload: Workload,
    report: ProbeReport,
    expectation: Expectation,
  ): Recorded | undefined;
}

/** A probe's information in AWS's record of calls. */
export interface Recorded {
  readonly facts: NonNullable<ProbeResult['facts']>;
  /** The call that answered it, if the workload does not know it. */
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
  /** Performs it, with names replaced. Throws failures of server or service, and of the harness's credentials. */
  perform(context: ScenarioContext, operation: T): Promise<ProbeResult>;
  whyNot?(context: ScenarioContext, operation: T): Promise<WhyNot | undefined>;
  /** A sentence on what decided its result, if that is no call of AWS. */
  decidedBy?(context: ScenarioContext, operation: T): Promise<string | undefined>;
  /** It runs after all earlier probes, and later ones wait for it. */
  readonly standsAlone?: true;
  /** The reason of an unexpected result, if a comparison does not show it. */
  reason?(result: ProbeResult): string | undefined;
  /** It presents the scenario's credentials, so their rejection is a result. */
  readonly asScenario?: true;
  /** Whether another attempt is harmless, and may differ by AWS's eventual consistency. Default: never. */
  mayDiffer?(result: ProbeResult, expectation: Pick<Expectation, 'outcome' | 'status'>): boolean;
}

export type OperationDescriptor<T extends Operation> = WorkloadDescriptor<T> | HarnessDescriptor<T>;

export interface StepContext {
  readonly context: ScenarioContext;
  /** The scenario's pods, by workload; a new one makes the probes after the step. */
  readonly pods: {
    start(workload: string): Promise<void>;
    restart(workload: string): Promise<void>;
    remove(workload: string): Promise<void>;
  };
  /** Whether pods of these workloads must get no credentials, by the probes up to the next step that changes them. */
  readonly expectsRefusal: (workloads: readonly string[]) => boolean;
}

export interface StepDescriptor<T extends ActionStep> extends Descriptor<T> {
  perform(context: StepContext, step: T): Promise<unknown>;
  needs?(step: T, kubernetes: boolean): readonly Capability[];
  /** It changes what others share, so its scenario is `exclusive`. */
  isExclusive?(step: T): NonNullable<ScenarioSpec['exclusive']>;
  /** It changes IAM: later steps wait until the change is effective. */
  readonly changesIam?: true;
  /** The role that it changes: later steps wait until sessions are refused that must be. */
  changesRole?(step: T): string;
  /** It does not change EKS Auth's answers. */
  readonly keepsCredentials?: true;
  /** Workload whose pod it ends. */
  endsPodOf?(step: T): string;
}

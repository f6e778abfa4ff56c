/** What an operation or a step is, said once: plan, schedule, engine and reports ask its descriptor. */
import type { ProbeReport, ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import type { ActionStep, Capability, Expectation, Operation } from './spec.ts';
import type { Problem } from './checks.ts';
import type { ScenarioWorld, Workload } from './world.ts';

/** Names of a scenario's things, of which each must be declared; what is undefined is not named. */
export interface References {
  readonly workloads?: readonly (string | undefined)[];
  readonly roles?: readonly (string | undefined)[];
  readonly tokens?: readonly (string | undefined)[];
  readonly users?: readonly (string | undefined)[];
  /** Clusters that it is about; a workload's own need not be told. */
  readonly clusters?: readonly (string | undefined)[];
  /** Workloads whose pods it names, so that they are started though they make no probe. */
  readonly pods?: readonly (string | undefined)[];
}

/** What both have in common; `T` is how it is written in a scenario. */
interface Descriptor<T> {
  /** As `do` in scenarios: the name of AWS's or Kubernetes' operation where there is one. */
  readonly name: string;
  refersTo?(item: T): References;
  /** What means nothing of what it says, in half a sentence each. */
  check?(item: T): Iterable<Problem>;
  /** It has nothing to do with the inside of a cluster. */
  readonly withoutKubernetes?: true;
  /** Seconds that it waits, or so. */
  waitSeconds?(item: T): number;
}

/** Puts a scenario's names in words: the real ones in a report, those of the scenario in a plan. */
export interface Wording {
  text(text: string): string;
  bucket(alias: string): string;
  place(at: string): string;
}

interface Described<T extends Operation> extends Descriptor<T> {
  /** Words behind its name; empty ones are left out. */
  describe(operation: T, say: Wording): readonly string[];
  /** What it needs of cluster and AWS, besides a cluster with Kubernetes and S3. */
  needs?(operation: T, expectation: Expectation): readonly Capability[];
  readonly usesS3?: true;
}

/** An operation that pods perform: a handler of this name in each probe program (components/probe) makes it. */
export interface WorkloadDescriptor<T extends Operation> extends Described<T> {
  readonly performedBy: 'workload';
  /** As the probe program is told it, with real names. Default: names in angle brackets are replaced. */
  toProgram?(operation: T, world: ScenarioWorld): Operation;
  /** It goes through an SDK's credential chain. */
  readonly throughSdk?: true;
  /** It changes nothing, so that one before or after another means the same. */
  readonly readOnly?: true;
  /** Its result has nothing to do with what AWS puts in force. */
  readonly withoutAws?: true;
  /** It shows nothing of whose credentials the workload has. */
  readonly withoutIdentity?: true;
  /** The role that it assumes itself, as the scenario writes it: `<role:app>`; undefined where it assumes none. */
  assumes?(operation: T): string | undefined;
  /** Further operations that its client must support. */
  clientOperations?(operation: T): readonly string[];
  /** Whether it presents the pod's token of the Kubernetes API. */
  usesApiToken?(operation: T): boolean;
  /** Whether what is expected counts calls of the pod's namespace, so that no other pod may probe at the same time. */
  countsCalls?(expectation: Expectation): boolean;
  /** What AWS's record, where there is one, tells of a report besides. */
  recorded?(
    world: ScenarioWorld,
    workload: Workload,
    report: ProbeReport,
    expectation: Expectation,
  ): Recorded | undefined;
}

/** What AWS's record of calls tells of a probe. */
export interface Recorded {
  readonly facts: NonNullable<ProbeResult['facts']>;
  /** The call that answered it, where the workload is not told which. */
  readonly requestId?: string;
  /** Why one of these facts that is not as expected tells nothing of the subject, in a sentence. */
  readonly doubt?: string | undefined;
  /** Why a result that is not as expected tells nothing of it. */
  readonly doubtOfAll?: string | undefined;
}

/** What may be why a result is not as expected, in a sentence. */
export interface WhyNot {
  readonly why?: string;
  /** Where it tells nothing of the subject for that reason. */
  readonly doubt?: string;
}

/** An operation that the harness performs. */
export interface HarnessDescriptor<T extends Operation> extends Described<T> {
  readonly performedBy: 'harness';
  /**
   * Performs it; names in angle brackets are replaced already. Throws what is no answer to it: an API server or a service
   * that fails, credentials of the harness that are not accepted.
   */
  perform(world: ScenarioWorld, operation: T): Promise<ProbeResult>;
  /** What may be why its result is not as expected; undefined where nothing is known. */
  whyNot?(world: ScenarioWorld, operation: T): Promise<WhyNot | undefined>;
  /** What decided its result, in a sentence, where that is no call of AWS. */
  decidedBy?(world: ScenarioWorld, operation: T): Promise<string | undefined>;
  /** It is performed when all probes before it are over, and those after it wait for it. */
  readonly standsAlone?: true;
  /** Why a result is not as expected, where comparing it with what is expected does not tell. */
  reason?(result: ProbeResult): string | undefined;
  /** The credentials that it presents are the scenario's: that they are not accepted is its result. */
  readonly asScenario?: true;
  /**
   * Whether another try may come to another result, since AWS has not put something in force, and does no harm.
   * Default: never.
   */
  mayDiffer?(result: ProbeResult, expectation: Pick<Expectation, 'outcome' | 'status'>): boolean;
}

export type OperationDescriptor<T extends Operation> = WorkloadDescriptor<T> | HarnessDescriptor<T>;

/** What a step is performed with. */
export interface StepContext {
  readonly world: ScenarioWorld;
  /** The scenario's pods, by workload; a new one makes the probes that follow the step. */
  readonly pods: {
    start(workload: string): Promise<void>;
    restart(workload: string): Promise<void>;
    remove(workload: string): Promise<void>;
  };
  /**
   * Whether pods of these workloads are to get no credentials, by the probes that follow up to the next step that changes
   * something of that.
   */
  readonly expectsRefusal: (workloads: readonly string[]) => boolean;
}

/** A change of the world between probes. */
export interface StepDescriptor<T extends ActionStep> extends Descriptor<T> {
  perform(context: StepContext, step: T): Promise<unknown>;
  needs?(step: T, kubernetes: boolean): readonly Capability[];
  /** It changes what other scenarios share, so that its scenario runs alone. */
  isExclusive?(step: T): boolean;
  /** It changes IAM: what follows waits until that is in force. */
  readonly changesIam?: true;
  /** Role of the scenario that it changes: what follows waits until sessions that must be refused are. */
  changesRole?(step: T): string;
  /** It changes nothing of what EKS Auth answers. */
  readonly keepsCredentials?: true;
  /** Workload whose pod it ends. */
  endsPodOf?(step: T): string;
}

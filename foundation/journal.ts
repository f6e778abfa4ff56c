/** Something that a run makes outside of its own process: what is left of a killed run is found by it. */
export type JournalEntry =
  | { readonly kind: 'docker-network'; readonly name: string }
  /** A kind cluster, whose node containers are attached to the run's network. */
  | { readonly kind: 'kind-cluster'; readonly name: string }
  | { readonly kind: 'docker-container'; readonly name: string }
  | { readonly kind: 'docker-image'; readonly name: string }
  /** A folder or file. */
  | { readonly kind: 'path'; readonly path: string }
  /** Changes to an existing cluster: objects in it carry the run's label, its nodes were prepared. */
  | {
      readonly kind: 'attachment';
      readonly kubeconfig: string;
      readonly context: string;
      /** Docker containers of its nodes. */
      readonly nodes: readonly string[];
    }
  /** Resources of an AWS account, which carry the run's tags: fixtures, and clusters that the run makes. */
  | {
      readonly kind: 'aws';
      readonly accountId: string;
      readonly region: string;
      /** Services that are at a URL of their own; the others are at AWS itself. */
      readonly endpoints: Readonly<Record<string, string>>;
    };

export type Attachment = Extract<JournalEntry, { readonly kind: 'attachment' }>;

/** Where a run writes what it is about to make, ahead of making it. */
export interface Journal {
  /** Written to disk when the call returns. */
  add(entry: JournalEntry): void;
  /** It is gone again. */
  forget(entry: JournalEntry): void;
}

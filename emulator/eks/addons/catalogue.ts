import catalogue from './catalogue.json' with { type: 'json' };

/** An add-on that can be installed. */
export interface CatalogueEntry {
  readonly name: string;
  readonly type: string;
  readonly namespace: string;
  /** Newest first; the first is the default. */
  readonly versions: readonly string[];
  /** Service accounts of the add-on that can have a pod identity association. */
  readonly serviceAccounts: readonly string[];
}

/**
 * The add-ons that the emulator knows. Add-on and program versions are numbered apart (EKS User Guide, "Set up the
 * Amazon EKS Pod Identity Agent"). Only the agent has an effect in emulated clusters; the others are there because an
 * add-on can own associations, which the agent's never does: it uses the node role.
 */
export const ADDONS: readonly CatalogueEntry[] = catalogue;

export function findAddon(name: string): CatalogueEntry | undefined {
  return ADDONS.find((entry) => entry.name === name);
}

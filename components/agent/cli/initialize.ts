/** Runs one command. Returns its output for error messages. */
export type Runner = (
  command: string,
  args: readonly string[],
) => Promise<{ readonly code: number; readonly output: string }>;

const LINK = 'pod-id-link0';

interface Family {
  readonly flag: '-4' | '-6';
  readonly address: string;
  /** Whether the node can work without this address. */
  readonly optional: boolean;
  readonly options: readonly string[];
}

const FAMILIES: readonly Family[] = [
  { flag: '-4', address: '169.254.170.23/32', optional: false, options: [] },
  // Without nodad, duplicate address detection delays the server by a second or two, except on dummy links.
  { flag: '-6', address: 'fd00:ec2::23/128', optional: true, options: ['nodad'] },
];

function adviceFor(output: string): string {
  if (output.includes('Unknown device type'))
    return ` (create ${LINK} with another type first, and the agent will use it)`;
  return output.includes('not permitted') ? ' (it needs root or CAP_NET_ADMIN)' : '';
}

export class InitializeError extends Error {
  override readonly name = 'InitializeError';
}

/**
 * Creates the dummy interface with the agent's link-local addresses and routes; idempotent. Requires `ip` of iproute2 and
 * CAP_NET_ADMIN. Only logs a failure of IPv6. @throws InitializeError
 */
export async function initialize(run: Runner, log: (text: string) => void): Promise<void> {
  const ip = async (args: readonly string[]): Promise<void> => {
    const { code, output } = await run('ip', args);
    if (code === 0) return;
    throw new InitializeError(
      `\`ip ${args.join(' ')}\` failed: ${output.trim() || `exit code ${code}`}${adviceFor(output)}`,
    );
  };
  const forEachFamily = async (step: (family: Family) => readonly string[]): Promise<void> => {
    for (const family of FAMILIES) {
      try {
        await ip([family.flag, ...step(family)]);
      } catch (error) {
        if (!family.optional || !(error instanceof InitializeError)) throw error;
        log(`Unable to configure optional family: ${error.message}`);
      }
    }
  };

  const { code: missing } = await run('ip', ['link', 'show', LINK]);
  if (missing !== 0) {
    log('Link was not found, creating it');
    await ip(['link', 'add', LINK, 'type', 'dummy']);
  }
  await forEachFamily(({ address, options }) => ['address', 'replace', address, 'dev', LINK, ...options]);
  log(`Bringing up link: ${LINK}`);
  await ip(['link', 'set', LINK, 'up']);
  await forEachFamily(({ address }) => ['route', 'replace', address, 'dev', LINK]);
}

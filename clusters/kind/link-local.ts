import type { HostContext } from './context.ts';
import type { LinkLocal } from './node.ts';

/** Says what nodes were given for the agent's addresses. */
export function noteLinkLocal({ notes, options }: HostContext, nodes: readonly LinkLocal[]): void {
  for (const { link, ipv6 } of nodes) {
    if (link !== undefined) {
      const why = link === 'bridge' ? 'as a bridge, since this kernel has no links of type dummy, ' : '';
      const sentence = `The agent's link pod-id-link0 was made ahead of it ${why}with ${ipv6 ? 'IPv6 turned on' : 'IPv4 alone'}.`;
      if (notes.differs(sentence)) options.progress(sentence);
    }
    if (!ipv6) notes.differs('Nodes have no IPv6: the agent listens on 169.254.170.23 alone.');
  }
}

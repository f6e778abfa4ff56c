/** A host of a URL as sockets take it: an IPv6 address without its brackets. */
export const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '');

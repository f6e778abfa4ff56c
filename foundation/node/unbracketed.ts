/** Returns a URL's host for sockets: an IPv6 address without its brackets. */
export const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '');

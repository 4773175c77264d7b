import type { Storage } from '../../functions/report/store/storage.ts';

export interface MemoryStorage extends Storage {
  /** By key. */
  readonly texts: Map<string, string>;
  /** Asked before each write is decided; what it throws is thrown. */
  beforeWrite: (key: string) => void;
}

/** A storage with the preconditions of the real ones, that a test may look into and get between. */
export const memoryStorage = (location = 's3://reports'): MemoryStorage => {
  const texts = new Map<string, string>();
  const versions = new Map<string, number>();
  const storage: MemoryStorage = {
    location,
    texts,
    beforeWrite: () => undefined,
    read: async (key) => {
      const text = texts.get(key);
      return text === undefined ? undefined : { text, version: String(versions.get(key) ?? 0) };
    },
    write: async (key, text, _contentType, precondition) => {
      storage.beforeWrite(key);
      if (precondition === 'absent' && texts.has(key)) return false;
      if (typeof precondition === 'object' && String(versions.get(key) ?? 0) !== precondition.version) return false;
      texts.set(key, text);
      versions.set(key, (versions.get(key) ?? 0) + 1);
      return true;
    },
  };
  return storage;
};

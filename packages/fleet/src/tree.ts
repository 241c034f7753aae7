/** One name in a tree. Paths are POSIX, relative to the repository root, without a leading "./"; the root itself is "". */
export interface Entry {
  path: string;
  kind: "file" | "symlink" | "directory" | "submodule";
  /** Git object id: equal ids mean equal contents. For a working folder it is computed the way Git would. */
  id: string;
  executable: boolean;
}

/** A read-only view of a repository at a commit or in a working folder. Links are not followed: see `resolvePath`. */
export interface Tree {
  /** For messages: "head 1a2b3c4", "working tree". */
  readonly name: string;
  /** Undefined when nothing of that name exists. Costs no I/O. */
  get(path: string): Entry | undefined;
  /** Direct children of a directory, sorted by path; empty when it is not one. Costs no I/O. */
  children(path: string): readonly Entry[];
  /** Every entry, parents before children, sorted. Costs no I/O. */
  entries(): Iterable<Entry>;
  /** The bytes of a file, or the target text of a symlink. Rejects when the entry is neither. */
  read(path: string): Promise<Uint8Array>;
}

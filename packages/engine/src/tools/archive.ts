import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ToolError } from "@gitops-actions/report";
import { type Extract, extract } from "tar-stream";

const maxUnpackedBytes = 1024 * 1024 * 1024;

/**
 * Writes one regular file of a .tar.gz to `target`. No name in the archive ever becomes a path: nothing but the
 * wanted member is written. An archive with a name that points outside is refused all the same.
 */
export async function unpackMember(
  archive: string,
  member: string,
  target: string,
  maxBytes = maxUnpackedBytes,
): Promise<void> {
  const tar = extract();
  const feeding = pipeline(createReadStream(archive), createGunzip(), cap(archive, maxBytes), tar);
  const [fed, read] = await Promise.allSettled([feeding, takeMember(archive, tar, member, target)]);
  // The reader's error comes first: the feeder then only says that its reader is gone.
  const failure = [read, fed].find((outcome) => outcome.status === "rejected")?.reason as Error | undefined;
  if (failure instanceof ToolError || (failure as NodeJS.ErrnoException | undefined)?.code === "ENOSPC")
    throw failure;
  if (failure) {
    throw new ToolError("archive", `${archive} cannot be unpacked: ${failure.message}`, { cause: failure });
  }
  if (read.status === "fulfilled" && !read.value) {
    throw new ToolError("archive", `${archive} holds no file ${member}.`);
  }
}

async function takeMember(archive: string, tar: Extract, member: string, target: string): Promise<boolean> {
  let found = false;
  for await (const entry of tar) {
    // An entry that is cut short also emits an error of its own, which the loop reports.
    entry.on("error", () => {});
    const { name, linkname, type } = entry.header;
    if (leavesFolder(name) || (linkname && leavesFolder(linkname))) {
      const shown = JSON.stringify(name);
      throw new ToolError(
        "archive",
        `${archive} was refused: its entry ${shown} points outside the archive.`,
      );
    }
    if (!found && type === "file" && name.replace(/^\.\//, "") === member) {
      found = true;
      await pipeline(entry, createWriteStream(target));
    } else {
      entry.resume();
    }
  }
  return found;
}

/** Whether a name in an archive, taken as a path, could end up outside the folder it is unpacked into. */
export function leavesFolder(name: string): boolean {
  return name.startsWith("/") || name.includes("\\") || name.split("/").includes("..");
}

function cap(archive: string, maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        done(new ToolError("archive", `${archive} was refused: it unpacks to more than ${maxBytes} bytes.`));
      else done(null, chunk);
    },
  });
}

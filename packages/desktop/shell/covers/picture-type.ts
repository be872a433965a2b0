/** Kinds of pictures that are shown. SVG is none of them: it is a document, which may load and run things. */
export type PictureType = "image/png" | "image/jpeg" | "image/webp" | "image/avif" | "image/gif";

/** Brands of the "ftyp" box that mean AVIF: a still picture, a sequence (AV1 Image File Format, 6.3 and 6.4). */
const AVIF_BRANDS: readonly string[] = ["avif", "avis"];

/** Where the major brand of a box begins, and where the compatible ones do; four bytes each (ISO/IEC 14496-12, 4.3). */
const MAJOR_BRAND = 8;
const COMPATIBLE_BRANDS = 16;

/** What kind of picture bytes are by how they begin, whatever their name says; null for anything else. */
export function pictureTypeOf(head: Uint8Array): PictureType | null {
  const text = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (text(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "image/gif";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "image/webp";
  if (text(4, 8) === "ftyp" && brandsOf(head, text).some((brand) => AVIF_BRANDS.includes(brand)))
    return "image/avif";
  return null;
}

function brandsOf(head: Uint8Array, text: (from: number, to: number) => string): string[] {
  const end = Math.min(head.length, new DataView(head.buffer, head.byteOffset).getUint32(0));
  const brands = [text(MAJOR_BRAND, MAJOR_BRAND + 4)];
  for (let at = COMPATIBLE_BRANDS; at + 4 <= end; at += 4) brands.push(text(at, at + 4));
  return brands;
}

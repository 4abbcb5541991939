// Cuts a chosen photo to a square and makes it small before it is sent. Without this script, the server cuts the photo,
// but accepts only small files.
const SIDE = 512;
const input = document.querySelector("[data-photo]");

input?.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file) return;
  const picture = await createImageBitmap(file).catch(() => null);
  // If the file is not a picture, the server answers with the error.
  if (!picture) return;
  const side = Math.min(picture.width, picture.height);
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE, className: "avatar xl" });
  const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
  picture.close();
  // A photo that is not a JPEG may be transparent. WebP keeps this.
  const type = file.type === "image/jpeg" ? "image/jpeg" : "image/webp";
  const blob = await new Promise((done) => canvas.toBlob(done, type, 0.85));
  if (!blob) return;
  const files = new DataTransfer();
  files.items.add(new File([blob], "photo", { type: blob.type }));
  input.files = files.files;
  input.closest(".card").querySelector(".avatar").replaceWith(canvas);
});

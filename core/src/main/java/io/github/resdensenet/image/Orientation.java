package io.github.resdensenet.image;

/** Turns images upright according to the eight EXIF orientations. */
final class Orientation {
    private Orientation() {}

    /**
     * Rotates and mirrors an image so that it is upright, as Pillow's {@code ImageOps.exif_transpose}.
     *
     * @param stored the image as stored in the file
     * @param orientation 1 (already upright) to 8
     * @return the upright image; {@code stored} itself if the orientation is 1
     * @throws IllegalArgumentException if the orientation is not 1 to 8
     */
    public static RgbImage upright(RgbImage stored, int orientation) {
        if (orientation < 1 || orientation > 8) {
            throw new IllegalArgumentException("orientation must be 1 to 8, got " + orientation);
        }
        if (orientation == 1) {
            return stored;
        }
        int w = stored.width();
        int h = stored.height();
        int width = orientation > 4 ? h : w;
        int height = orientation > 4 ? w : h;
        byte[] from = stored.pixels();
        byte[] to = new byte[from.length];
        for (int y = 0, at = 0; y < height; y++) {
            for (int x = 0; x < width; x++, at += 3) {
                int pixel = switch (orientation) {
                    case 2 -> y * w + w - 1 - x;
                    case 3 -> (h - 1 - y) * w + w - 1 - x;
                    case 4 -> (h - 1 - y) * w + x;
                    case 5 -> x * w + y;
                    case 6 -> (h - 1 - x) * w + y;
                    case 7 -> (h - 1 - x) * w + w - 1 - y;
                    default -> x * w + w - 1 - y;
                };
                System.arraycopy(from, 3 * pixel, to, at, 3);
            }
        }
        return new RgbImage(width, height, to);
    }
}

# SPDX-License-Identifier: Apache-2.0
# needs: convert-im6.q16
# rewrite: libMagick*,libjpeg*,libpng*,libz.so*,liblcms*,libtiff*,libfftw*,libgomp*,libfreetype*
# patience: 200
convert() { watched convert-im6.q16 "$@"; echo $?; }
same=(-strip -define png:exclude-chunk=date,time -set date:create '' -set date:modify '')
convert -size 200x150 plasma:red-blue -seed 7 ../seeded.png
convert -size 200x150 gradient:red-blue -swirl 90 a.ppm
convert a.ppm -resize 75% -rotate 30 -blur 0x2 "${same[@]}" b.png
convert a.ppm -quality 80 -strip c.jpg
convert c.jpg -colorspace Lab -modulate 110,90 -sharpen 0x1 d.ppm
convert a.ppm \( +clone -negate -flop \) -compose screen -composite -ordered-dither o8x8 e.gif
convert b.png -edge 2 -format '%w %h %[mean] %k\n' info:
convert nowhere.png x.png

/* The codes of scan-link and the numbers of measurements. Generated from the crate's tables; a test compares. */
#ifndef SCAN_LINK_CODES_H
#define SCAN_LINK_CODES_H

#define SCAN_LINK_STAGE_PREPARING 1
#define SCAN_LINK_STAGE_WAITING_FOR_PERSON 2
#define SCAN_LINK_STAGE_WEIGHING 3
#define SCAN_LINK_STAGE_MEASURING 4
#define SCAN_LINK_STAGE_CALCULATING 5

#define SCAN_LINK_SCAN_KIND_WEIGHT 1
#define SCAN_LINK_SCAN_KIND_BODY_COMPOSITION 2
#define SCAN_LINK_SCAN_KIND_SHAPE 3

#define SCAN_LINK_SEX_MALE 1
#define SCAN_LINK_SEX_FEMALE 2

#define SCAN_LINK_BODY_TYPE_STANDARD 0
#define SCAN_LINK_BODY_TYPE_ATHLETE 2
#define SCAN_LINK_BODY_TYPE_AUTO 5

#define SCAN_LINK_SEGMENT_LEFT_SIDE 0
#define SCAN_LINK_SEGMENT_RIGHT_LEG 1
#define SCAN_LINK_SEGMENT_LEFT_LEG 2
#define SCAN_LINK_SEGMENT_RIGHT_ARM 3
#define SCAN_LINK_SEGMENT_LEFT_ARM 4
#define SCAN_LINK_SEGMENT_BOTH_LEGS 5
#define SCAN_LINK_SEGMENT_WHOLE_BODY 6

#define SCAN_LINK_FREQUENCY_1KHZ 0
#define SCAN_LINK_FREQUENCY_5KHZ 1
#define SCAN_LINK_FREQUENCY_50KHZ 2
#define SCAN_LINK_FREQUENCY_250KHZ 3
#define SCAN_LINK_FREQUENCY_500KHZ 4
#define SCAN_LINK_FREQUENCY_1000KHZ 5
#define SCAN_LINK_FREQUENCY_LOW 6

#define SCAN_LINK_COMPLETENESS_FULL 0
#define SCAN_LINK_COMPLETENESS_NO_SEGMENTS 1
#define SCAN_LINK_COMPLETENESS_WEIGHT_ONLY 2

#define SCAN_LINK_FAULT_INTERNAL 0
#define SCAN_LINK_FAULT_OVERLOAD 1
#define SCAN_LINK_FAULT_IMPEDANCE 2
#define SCAN_LINK_FAULT_ZERO_POINT 3
#define SCAN_LINK_FAULT_PERSON_MOVED 4
#define SCAN_LINK_FAULT_NOBODY_CAME 5
#define SCAN_LINK_FAULT_CALCULATION 6
#define SCAN_LINK_FAULT_MEMORY 7
#define SCAN_LINK_FAULT_NEGATIVE_LOAD 8
#define SCAN_LINK_FAULT_STORE_FULL 9
#define SCAN_LINK_FAULT_OPTICS 10
#define SCAN_LINK_FAULT_MOTION 11
#define SCAN_LINK_FAULT_TEMPERATURE 12
#define SCAN_LINK_FAULT_POWER 13

#define SCAN_LINK_REFUSAL_BUSY 1
#define SCAN_LINK_REFUSAL_NOT_SUPPORTED 2
#define SCAN_LINK_REFUSAL_SUBJECT_INCOMPLETE 3
#define SCAN_LINK_REFUSAL_SUBJECT_OUT_OF_RANGE 4
#define SCAN_LINK_REFUSAL_NOT_SCREENED 5
#define SCAN_LINK_REFUSAL_STORE_FULL 6
#define SCAN_LINK_REFUSAL_FAULTY 7

#define SCAN_LINK_LOG_LEVEL_ERROR 1
#define SCAN_LINK_LOG_LEVEL_WARNING 2
#define SCAN_LINK_LOG_LEVEL_INFO 3
#define SCAN_LINK_LOG_LEVEL_DEBUG 4

#define SCAN_LINK_CAPABILITY_STARTS_SCANS 1
#define SCAN_LINK_CAPABILITY_CANCELS 2
#define SCAN_LINK_CAPABILITY_LIVE_STAGES 4
#define SCAN_LINK_CAPABILITY_IMPEDANCES 8
#define SCAN_LINK_CAPABILITY_SHAPE 16
#define SCAN_LINK_CAPABILITY_CLOCK 32
#define SCAN_LINK_CAPABILITY_KEEPS_RESULTS 64
#define SCAN_LINK_CAPABILITY_STARTS_WEIGHT 128
#define SCAN_LINK_CAPABILITY_STARTS_BODY_COMPOSITION 256
#define SCAN_LINK_CAPABILITY_STARTS_SHAPE 512

/* Measurements, each with the unit in which it is sent. */
#define SCAN_LINK_METRIC_BODY_WEIGHT 1 /* kg: net: the weight of clothes is deducted */
#define SCAN_LINK_METRIC_HEIGHT 2 /* cm */
#define SCAN_LINK_METRIC_BODY_MASS_INDEX 3 /* kg/m2 */
#define SCAN_LINK_METRIC_FAT_PERCENTAGE 4 /* %: of the body weight */
#define SCAN_LINK_METRIC_FAT_MASS 5 /* kg */
#define SCAN_LINK_METRIC_FAT_FREE_MASS 6 /* kg */
#define SCAN_LINK_METRIC_MUSCLE_MASS 7 /* kg */
#define SCAN_LINK_METRIC_MUSCLE_PERCENTAGE 8 /* %: of the body weight */
#define SCAN_LINK_METRIC_SKELETAL_MUSCLE_MASS 9 /* kg */
#define SCAN_LINK_METRIC_APPENDICULAR_MUSCLE_MASS 10 /* kg */
#define SCAN_LINK_METRIC_SKELETAL_MUSCLE_INDEX 11 /* kg/m2: appendicular muscle mass by height squared */
#define SCAN_LINK_METRIC_BONE_MASS 12 /* kg */
#define SCAN_LINK_METRIC_BONE_PERCENTAGE 13 /* %: of the body weight */
#define SCAN_LINK_METRIC_WATER_MASS 14 /* kg */
#define SCAN_LINK_METRIC_WATER_PERCENTAGE 15 /* %: of the body weight */
#define SCAN_LINK_METRIC_INTRACELLULAR_WATER_MASS 16 /* kg */
#define SCAN_LINK_METRIC_EXTRACELLULAR_WATER_MASS 17 /* kg */
#define SCAN_LINK_METRIC_EXTRACELLULAR_WATER_RATIO 18 /* %: of the body's water */
#define SCAN_LINK_METRIC_PROTEIN_PERCENTAGE 19 /* %: of the body weight */
#define SCAN_LINK_METRIC_VISCERAL_FAT_RATING 20 /* 1 */
#define SCAN_LINK_METRIC_METABOLIC_AGE 21 /* a */
#define SCAN_LINK_METRIC_BASAL_METABOLIC_RATE_KJ 22 /* kJ/d */
#define SCAN_LINK_METRIC_BASAL_METABOLIC_RATE_KCAL 23 /* kcal/d */
#define SCAN_LINK_METRIC_BASAL_METABOLIC_RATE_SCORE 24 /* 1 */
#define SCAN_LINK_METRIC_PHYSIQUE_RATING 25 /* 1: 1, hidden fat, over 5, standard, to 9, very muscular */
#define SCAN_LINK_METRIC_MUSCLE_SCORE 26 /* 1: may be negative */
#define SCAN_LINK_METRIC_LEG_MUSCLE_SCORE 27 /* 1 */
#define SCAN_LINK_METRIC_BODY_SCORE 28 /* 1 */
#define SCAN_LINK_METRIC_IDEAL_WEIGHT 29 /* kg: 22 kg/m2 at this height */
#define SCAN_LINK_METRIC_OBESITY_DEGREE 30 /* %: by how much the weight is above the ideal weight; negative below it */
#define SCAN_LINK_METRIC_IMPEDANCE_50KHZ 31 /* Ohm: magnitude */
#define SCAN_LINK_METRIC_PHASE_ANGLE 32 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_ATHLETE_INDEX 33 /* 1 */
#define SCAN_LINK_METRIC_HAND_BALANCE 34 /* 1: -2 left much, -1 left, 0 even, 1 right, 2 right much */
#define SCAN_LINK_METRIC_LEG_BALANCE 35 /* 1: -2 left much, -1 left, 0 even, 1 right, 2 right much */
#define SCAN_LINK_METRIC_WAIST_TO_HIP_RATIO 36 /* 1: waist girth by hip girth, no per cent */
#define SCAN_LINK_METRIC_WAIST_TO_HEIGHT_RATIO 37 /* 1: waist girth by height, no per cent */
#define SCAN_LINK_METRIC_STANDARD_FAT_PERCENTAGE 64 /* % */
#define SCAN_LINK_METRIC_STANDARD_MUSCLE_MASS 65 /* kg */
#define SCAN_LINK_METRIC_TARGET_FAT_PERCENTAGE 66 /* % */
#define SCAN_LINK_METRIC_PREDICTED_WEIGHT 67 /* kg: at the target */
#define SCAN_LINK_METRIC_PREDICTED_FAT_MASS 68 /* kg: at the target */
#define SCAN_LINK_METRIC_FAT_MASS_CHANGE 69 /* kg: to reach the target; negative if fat is to be lost */
#define SCAN_LINK_METRIC_DAILY_ENERGY_INTAKE_KCAL 70 /* kcal/d */
#define SCAN_LINK_METRIC_ROHRER_INDEX 71 /* 1: 10,000,000 times kg by cm cubed */
#define SCAN_LINK_METRIC_MUSCLE_MASS_PER_HEIGHT2 72 /* kg/m2: muscle mass by height squared */
#define SCAN_LINK_METRIC_MUSCLE_MASS_PER_WEIGHT 73 /* 1: kg of muscle in each kg of body weight, no per cent */
#define SCAN_LINK_METRIC_APPENDICULAR_MUSCLE_PER_WEIGHT 74 /* 1: kg of appendicular muscle in each kg of body weight, no per cent */
#define SCAN_LINK_METRIC_WEIGHT_GAIN 75 /* kg: negative for a loss */
#define SCAN_LINK_METRIC_MEMORISED_WEIGHT 76 /* kg */
#define SCAN_LINK_METRIC_SOFT_LEAN_MASS 77 /* kg */
#define SCAN_LINK_METRIC_RIGHT_ARM_MUSCLE_MASS 96 /* kg */
#define SCAN_LINK_METRIC_RIGHT_ARM_FAT_MASS 97 /* kg */
#define SCAN_LINK_METRIC_RIGHT_ARM_FAT_FREE_MASS 98 /* kg */
#define SCAN_LINK_METRIC_RIGHT_ARM_FAT_PERCENTAGE 99 /* %: of the segment's mass */
#define SCAN_LINK_METRIC_RIGHT_ARM_MUSCLE_SCORE 100 /* 1: may be negative */
#define SCAN_LINK_METRIC_RIGHT_ARM_FAT_SCORE 101 /* 1: may be negative */
#define SCAN_LINK_METRIC_LEFT_ARM_MUSCLE_MASS 102 /* kg */
#define SCAN_LINK_METRIC_LEFT_ARM_FAT_MASS 103 /* kg */
#define SCAN_LINK_METRIC_LEFT_ARM_FAT_FREE_MASS 104 /* kg */
#define SCAN_LINK_METRIC_LEFT_ARM_FAT_PERCENTAGE 105 /* %: of the segment's mass */
#define SCAN_LINK_METRIC_LEFT_ARM_MUSCLE_SCORE 106 /* 1: may be negative */
#define SCAN_LINK_METRIC_LEFT_ARM_FAT_SCORE 107 /* 1: may be negative */
#define SCAN_LINK_METRIC_TRUNK_MUSCLE_MASS 108 /* kg */
#define SCAN_LINK_METRIC_TRUNK_FAT_MASS 109 /* kg */
#define SCAN_LINK_METRIC_TRUNK_FAT_FREE_MASS 110 /* kg */
#define SCAN_LINK_METRIC_TRUNK_FAT_PERCENTAGE 111 /* %: of the segment's mass */
#define SCAN_LINK_METRIC_TRUNK_MUSCLE_SCORE 112 /* 1: may be negative */
#define SCAN_LINK_METRIC_TRUNK_FAT_SCORE 113 /* 1: may be negative */
#define SCAN_LINK_METRIC_RIGHT_LEG_MUSCLE_MASS 114 /* kg */
#define SCAN_LINK_METRIC_RIGHT_LEG_FAT_MASS 115 /* kg */
#define SCAN_LINK_METRIC_RIGHT_LEG_FAT_FREE_MASS 116 /* kg */
#define SCAN_LINK_METRIC_RIGHT_LEG_FAT_PERCENTAGE 117 /* %: of the segment's mass */
#define SCAN_LINK_METRIC_RIGHT_LEG_MUSCLE_SCORE 118 /* 1: may be negative */
#define SCAN_LINK_METRIC_RIGHT_LEG_FAT_SCORE 119 /* 1: may be negative */
#define SCAN_LINK_METRIC_LEFT_LEG_MUSCLE_MASS 120 /* kg */
#define SCAN_LINK_METRIC_LEFT_LEG_FAT_MASS 121 /* kg */
#define SCAN_LINK_METRIC_LEFT_LEG_FAT_FREE_MASS 122 /* kg */
#define SCAN_LINK_METRIC_LEFT_LEG_FAT_PERCENTAGE 123 /* %: of the segment's mass */
#define SCAN_LINK_METRIC_LEFT_LEG_MUSCLE_SCORE 124 /* 1: may be negative */
#define SCAN_LINK_METRIC_LEFT_LEG_FAT_SCORE 125 /* 1: may be negative */
#define SCAN_LINK_METRIC_PHASE_ANGLE_LEFT_ARM 128 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_PHASE_ANGLE_RIGHT_ARM 129 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_PHASE_ANGLE_LEFT_LEG 130 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_PHASE_ANGLE_RIGHT_LEG 131 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_PHASE_ANGLE_LEFT_SIDE 132 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_PHASE_ANGLE_BOTH_LEGS 133 /* deg: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_NECK_GIRTH 160 /* cm */
#define SCAN_LINK_METRIC_SHOULDER_GIRTH 161 /* cm */
#define SCAN_LINK_METRIC_CHEST_GIRTH 162 /* cm */
#define SCAN_LINK_METRIC_UPPER_CHEST_GIRTH 163 /* cm */
#define SCAN_LINK_METRIC_UNDERBUST_GIRTH 164 /* cm */
#define SCAN_LINK_METRIC_WAIST_GIRTH 165 /* cm */
#define SCAN_LINK_METRIC_ABDOMEN_GIRTH 166 /* cm */
#define SCAN_LINK_METRIC_HIP_GIRTH 167 /* cm */
#define SCAN_LINK_METRIC_SEAT_GIRTH 168 /* cm */
#define SCAN_LINK_METRIC_UPPER_ARM_GIRTH_LEFT 169 /* cm */
#define SCAN_LINK_METRIC_UPPER_ARM_GIRTH_RIGHT 170 /* cm */
#define SCAN_LINK_METRIC_FOREARM_GIRTH_LEFT 171 /* cm */
#define SCAN_LINK_METRIC_FOREARM_GIRTH_RIGHT 172 /* cm */
#define SCAN_LINK_METRIC_WRIST_GIRTH_LEFT 173 /* cm */
#define SCAN_LINK_METRIC_WRIST_GIRTH_RIGHT 174 /* cm */
#define SCAN_LINK_METRIC_THIGH_GIRTH_LEFT 175 /* cm */
#define SCAN_LINK_METRIC_THIGH_GIRTH_RIGHT 176 /* cm */
#define SCAN_LINK_METRIC_KNEE_GIRTH_LEFT 177 /* cm */
#define SCAN_LINK_METRIC_KNEE_GIRTH_RIGHT 178 /* cm */
#define SCAN_LINK_METRIC_CALF_GIRTH_LEFT 179 /* cm */
#define SCAN_LINK_METRIC_CALF_GIRTH_RIGHT 180 /* cm */
#define SCAN_LINK_METRIC_ANKLE_GIRTH_LEFT 181 /* cm */
#define SCAN_LINK_METRIC_ANKLE_GIRTH_RIGHT 182 /* cm */
#define SCAN_LINK_METRIC_ARM_LENGTH_LEFT 183 /* cm */
#define SCAN_LINK_METRIC_ARM_LENGTH_RIGHT 184 /* cm */
#define SCAN_LINK_METRIC_INSEAM 185 /* cm */
#define SCAN_LINK_METRIC_TORSO_LENGTH 186 /* cm */
#define SCAN_LINK_METRIC_BODY_VOLUME 187 /* L */
#define SCAN_LINK_METRIC_BODY_SURFACE_AREA 188 /* m2 */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_1KHZ 256 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_1KHZ 257 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_5KHZ 258 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_5KHZ 259 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_50KHZ 260 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_50KHZ 261 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_250KHZ 262 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_250KHZ 263 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_500KHZ 264 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_500KHZ 265 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_SIDE_1000KHZ 266 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_SIDE_1000KHZ 267 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_1KHZ 272 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_1KHZ 273 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_5KHZ 274 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_5KHZ 275 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_50KHZ 276 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_50KHZ 277 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_250KHZ 278 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_250KHZ 279 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_500KHZ 280 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_500KHZ 281 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_LEG_1000KHZ 282 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_LEG_1000KHZ 283 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_1KHZ 288 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_1KHZ 289 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_5KHZ 290 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_5KHZ 291 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_50KHZ 292 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_50KHZ 293 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_250KHZ 294 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_250KHZ 295 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_500KHZ 296 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_500KHZ 297 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_LEG_1000KHZ 298 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_LEG_1000KHZ 299 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_1KHZ 304 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_1KHZ 305 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_5KHZ 306 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_5KHZ 307 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_50KHZ 308 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_50KHZ 309 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_250KHZ 310 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_250KHZ 311 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_500KHZ 312 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_500KHZ 313 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_RIGHT_ARM_1000KHZ 314 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_RIGHT_ARM_1000KHZ 315 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_1KHZ 320 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_1KHZ 321 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_5KHZ 322 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_5KHZ 323 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_50KHZ 324 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_50KHZ 325 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_250KHZ 326 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_250KHZ 327 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_500KHZ 328 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_500KHZ 329 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_LEFT_ARM_1000KHZ 330 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_LEFT_ARM_1000KHZ 331 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_1KHZ 336 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_1KHZ 337 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_5KHZ 338 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_5KHZ 339 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_50KHZ 340 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_50KHZ 341 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_250KHZ 342 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_250KHZ 343 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_500KHZ 344 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_500KHZ 345 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_1000KHZ 346 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_1000KHZ 347 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_BOTH_LEGS_LOW 348 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_BOTH_LEGS_LOW 349 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_1KHZ 352 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_1KHZ 353 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_5KHZ 354 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_5KHZ 355 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_50KHZ 356 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_50KHZ 357 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_250KHZ 358 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_250KHZ 359 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_500KHZ 360 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_500KHZ 361 /* Ohm: negative where the path is capacitive, as bodies are */
#define SCAN_LINK_METRIC_RESISTANCE_WHOLE_BODY_1000KHZ 362 /* Ohm */
#define SCAN_LINK_METRIC_REACTANCE_WHOLE_BODY_1000KHZ 363 /* Ohm: negative where the path is capacitive, as bodies are */

#endif

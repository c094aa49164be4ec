"""The published figures of the authors on MovieLens-10M, in percent, as printed in their draft.

Source: Su, Yan, Zhu, Xiao, Duan, Zhao, Dong, Tang, "Beyond Two-Tower Matching: Learning Sparse
Retrievable Cross-Interactions for Recommendation", SIGIR 2023, arXiv 2311.18213, table 2
(MovieLens-10M). The published version may differ from the draft. The figures of table 1 (Deezer,
cold start) are in `sparcode_mini.studies.common.cold_start.PUBLISHED`.
"""

# row of the stored table -> (P@50, NDCG@50, R@50)
MOVIELENS_10M: dict[str, tuple[float, float, float]] = {
    "two-tower-dnn": (8.124, 17.690, 26.534),
    "two-tower-gru": (8.356, 18.473, 28.261),
    "two-tower": (8.754, 19.202, 29.828),
    "all-to-all": (9.378, 21.950, 31.946),
    "sparcode-dnn": (8.393, 18.295, 27.184),
    "sparcode-gru": (8.888, 20.050, 29.492),
    "sparcode": (9.020, 20.480, 30.142),
}

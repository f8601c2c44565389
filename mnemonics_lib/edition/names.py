"""What people call the methods and the data sets."""

NAMES = {"lwf": "LwF", "icarl": "iCaRL", "bic": "BiC", "lucir": "LUCIR"}
"""The methods of the paper's Table 1, in its order."""

DATA = {
    "digits": "scikit-learn's digits",
    "cifar100": "CIFAR-100",
    "tiny_imagenet": "Tiny-ImageNet",
    "tiny_imagenet_100": "100 classes of Tiny-ImageNet",
    "imagenet": "ImageNet",
    "imagenet_subset": "100 classes of ImageNet",
}
"""The data sets, by the names that parameter files have for them."""

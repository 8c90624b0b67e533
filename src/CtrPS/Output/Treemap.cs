namespace CtrPS.Output;

/// <summary>A rectangle of a treemap.</summary>
internal readonly record struct TreemapTile(double X, double Y, double Width, double Height);

/// <summary>
/// Divides a rectangle by weights into ones that are as square as they can be: rows along the shorter side, each as long as its worst tile gets
/// better by one more (Bruls, Huizing, van Wijk: Squarified Treemaps).
/// </summary>
internal static class Treemap
{
    /// <summary>A tile for each weight, in their order. Their areas are to the whole as the weights are to their sum.</summary>
    /// <param name="weights">Above zero, the largest first.</param>
    /// <param name="width">Of the whole.</param>
    /// <param name="height">Of the whole.</param>
    public static IReadOnlyList<TreemapTile> Lay(IReadOnlyList<double> weights, double width, double height)
    {
        var tiles = new List<TreemapTile>(weights.Count);
        double scale = width * height / weights.Sum();
        (double x, double y) = (0, 0);
        for (int first = 0; first < weights.Count;)
        {
            double side = Math.Min(width - x, height - y);
            double area = weights[first] * scale;
            int end = first + 1;
            while (end < weights.Count && Worst(area + (weights[end] * scale), weights[end] * scale, weights[first] * scale, side)
                <= Worst(area, weights[end - 1] * scale, weights[first] * scale, side))
            {
                area += weights[end++] * scale;
            }

            bool stands = width - x >= height - y;
            double thick = side > 0 ? area / side : 0;
            double along = 0;
            for (; first < end; first++)
            {
                double length = thick > 0 ? weights[first] * scale / thick : 0;
                tiles.Add(stands ? new TreemapTile(x, y + along, thick, length) : new TreemapTile(x + along, y, length, thick));
                along += length;
            }

            (x, y) = stands ? (x + thick, y) : (x, y + thick);
        }

        return tiles;
    }

    /// <summary>The ratio of the sides of the longest tile in a row of this area.</summary>
    private static double Worst(double area, double smallest, double largest, double side) =>
        Math.Max(side * side * largest / (area * area), area * area / (side * side * smallest));
}
